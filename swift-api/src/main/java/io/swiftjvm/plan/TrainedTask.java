package io.swiftjvm.plan;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a classifier, an embedding or a reranker was trained for, by the {@code args.json} beside its weights: texts must
 * become the same tokens when it is used.
 */
final class TrainedTask {
  private static final List<String> ARGUMENTS = List.of("task_type", "num_labels", "problem_type", "template", "system",
      "max_length", "truncation_strategy", "enable_thinking", "generative_reranker_positive_token",
      "generative_reranker_negative_token");

  private TrainedTask() {}

  /** The settings with those of the training where they name no task and their adapter or model has one. */
  static Settings adopted(Settings s) {
    if (s.task() != Task.SFT) {
      return s;
    }
    String model = s.model().model();
    List<String> adapters = s.model().adapters();
    String folder = adapters.isEmpty() ? model : AdapterRef.of(adapters.getFirst()).folder();
    Path file = folder == null ? null : file(folder);
    if (file == null) {
      return s;
    }
    Map<String, @Nullable Object> all = PlanFiles.read(file);
    if (!(all.get("task_type") instanceof String task) || !known(task)) {
      return s;
    }
    Map<String, Object> own = Arguments.flat(s);
    Map<String, Object> usual = Arguments.flat(Settings.DEFAULT);
    Map<String, @Nullable Object> taken = new LinkedHashMap<>();
    for (String name : ARGUMENTS) {
      if (all.get(name) != null && Objects.equals(own.get(name), usual.get(name))) {
        taken.put(name, all.get(name));
      }
    }
    return Arguments.apply(s, taken);
  }

  private static boolean known(String task) {
    try {
      return Task.of(task).ofTexts();
    } catch (InvalidPlanException e) {
      return false;
    }
  }

  private static @Nullable Path file(String folder) {
    try {
      Path file = Path.of(folder).resolve("args.json");
      return Files.isRegularFile(file) ? file : null;
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
