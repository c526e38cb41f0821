package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An adapter as {@code --adapters} names it: a folder, which is on the model whenever it answers, or
 * {@code name=folder}, which answers where a request asks for that name.
 *
 * @param name null = always on
 * @param folder in PEFT's format
 */
public record AdapterRef(@Nullable String name, String folder) {
  /** Reads {@code folder} or {@code name=folder}. */
  public static AdapterRef of(String text) {
    int sign = text.indexOf('=');
    boolean named = sign > 0 && text.lastIndexOf('/', sign) < 0;
    return named ? new AdapterRef(text.substring(0, sign), text.substring(sign + 1)) : new AdapterRef(null, text);
  }

  /** Those that are on whenever the model answers. */
  public static List<Path> always(List<String> adapters) {
    return adapters.stream().map(AdapterRef::of).filter(a -> a.name == null).map(a -> Path.of(a.folder)).toList();
  }

  /**
   * Those that answer under a name, in their order.
   *
   * @throws InvalidPlanException if a name is there twice
   */
  public static Map<String, Path> named(List<String> adapters) {
    Map<String, Path> named = new LinkedHashMap<>();
    for (String text : adapters) {
      AdapterRef adapter = of(text);
      String name = adapter.name;
      if (name != null && named.put(name, Path.of(adapter.folder)) != null) {
        throw new InvalidPlanException("adapters has the name '" + name + "' twice. Give each its own.");
      }
    }
    return named;
  }

  @Override
  public String toString() {
    return name == null ? folder : name + "=" + folder;
  }
}
