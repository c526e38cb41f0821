package io.swiftjvm.text;

import io.swiftjvm.error.TemplateException;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.text.jinja.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The places where a model folder may keep chat templates. */
final class TemplateFiles {
  private TemplateFiles() {}

  /** Templates by name, empty when there is none. */
  static Optional<Map<String, String>> read(Path modelDir, TokenizerConfig config) throws IOException {
    Map<String, String> named = new LinkedHashMap<>(config.chatTemplates());
    Path json = modelDir.resolve("chat_template.json");
    if (Files.isRegularFile(json) && StrictJson.readObject(json).path("chat_template").isTextual()) {
      named.put("default", StrictJson.readObject(json).path("chat_template").textValue());
    }
    Path file = modelDir.resolve("chat_template.jinja");
    if (Files.isRegularFile(file)) {
      named.put("default", text(file));
    }
    additional(modelDir.resolve("additional_chat_templates"), named);
    return named.isEmpty() ? Optional.empty() : Optional.of(named);
  }

  private static void additional(Path folder, Map<String, String> named) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".jinja")) {
          named.put(name.substring(0, name.length() - ".jinja".length()), text(file));
        }
      }
    }
  }

  private static String text(Path file) throws IOException {
    long size = Files.size(file);
    // UTF-8 has at most three bytes per char.
    if (size > 3L * Limits.defaults().templateChars()) {
      throw new TemplateException(file + " has " + size + " bytes, too many for a template");
    }
    return Files.readString(file);
  }
}
