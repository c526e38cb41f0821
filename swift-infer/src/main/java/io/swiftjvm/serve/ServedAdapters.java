package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Adapters that requests choose as their model, and whether clients may bring further ones while the server runs.
 *
 * {@snippet :
 * ServedAdapters a = ServedAdapters.NONE.with("poet", Path.of("out/checkpoint-10")).root(Path.of("adapters"), "admin");
 * }
 *
 * @param named adapter folders in PEFT's format by model name
 * @param root folder that {@code POST /v1/load_lora_adapter} may load from; null = that path is refused with 403
 * @param adminKey the only key that may load and unload; null = nobody but, where the server has no keys, this machine
 */
public record ServedAdapters(Map<String, Path> named, @Nullable Path root, @Nullable String adminKey) {
  /** No adapters, and none may be brought. */
  public static final ServedAdapters NONE = new ServedAdapters(Map.of(), null, null);

  public ServedAdapters {
    named = Map.copyOf(named);
    if (adminKey != null && root == null) {
      throw new InvalidPlanException("There is an admin key but no folder to load adapters from. Set both or none.");
    }
  }

  /** Adds an adapter. Default: none. */
  public ServedAdapters with(String model, Path folder) {
    Map<String, Path> more = new LinkedHashMap<>(named);
    more.put(model, folder);
    return new ServedAdapters(more, root, adminKey);
  }

  /** Lets clients load what lies under {@code folder}. Default: they may not. */
  public ServedAdapters root(@Nullable Path folder, @Nullable String key) {
    return new ServedAdapters(named, folder, key);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "adapters " + named.keySet() + (root == null ? "" : ", more from " + root);
  }
}
