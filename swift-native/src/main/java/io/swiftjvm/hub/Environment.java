package io.swiftjvm.hub;

import io.swiftjvm.error.InvalidPlanException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The only place that reads environment variables, each when it is asked for:
 *
 * <ul>
 *   <li>{@code HF_HUB_CACHE}: the Hugging Face cache; else {@code HF_HOME/hub}; else {@code ~/.cache/huggingface/hub}
 *   <li>{@code MODELSCOPE_CACHE}: the ModelScope cache; else {@code ~/.cache/modelscope}
 *   <li>{@code SWIFT_THREADS}: threads of the CPU kernels, 1 to 1024; absent leaves the choice to the library
 * </ul>
 */
public final class Environment {
  private static final int MAX_THREADS = 1024;

  private final Function<String, @Nullable String> variables;
  private final Path home;

  private Environment(Function<String, @Nullable String> variables, Path home) {
    this.variables = variables;
    this.home = home;
  }

  /** The variables of this process. */
  public static Environment system() {
    return new Environment(System::getenv, Path.of(System.getProperty("user.home", ".")));
  }

  /** Given variables and home folder, for tests and embedding. */
  public static Environment of(Map<String, String> variables, Path home) {
    return new Environment(variables::get, home);
  }

  /** Where the Hugging Face libraries keep downloaded repositories. */
  public Path huggingFaceCache() {
    return value("HF_HUB_CACHE").map(Path::of)
        .or(() -> value("HF_HOME").map(root -> Path.of(root, "hub")))
        .orElseGet(() -> home.resolve(".cache/huggingface/hub"));
  }

  /** Where the ModelScope library keeps downloaded repositories. */
  public Path modelScopeCache() {
    return value("MODELSCOPE_CACHE").map(Path::of).orElseGet(() -> home.resolve(".cache/modelscope"));
  }

  /** Kernel threads asked for; {@link InvalidPlanException} when the variable is not a number from 1 to 1024. */
  public OptionalInt threads() {
    Optional<String> text = value("SWIFT_THREADS");
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    String digits = text.get().strip();
    int threads = digits.matches("\\d{1,4}") ? Integer.parseInt(digits) : 0;
    if (threads < 1 || threads > MAX_THREADS) {
      throw new InvalidPlanException("Environment variable SWIFT_THREADS is '" + StrictJson.shown(digits)
          + "', it must be a whole number from 1 to " + MAX_THREADS + ".");
    }
    return OptionalInt.of(threads);
  }

  private Optional<String> value(String name) {
    return Optional.ofNullable(variables.apply(name)).filter(text -> !text.isBlank());
  }
}
