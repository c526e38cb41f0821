package io.swiftjvm.hub;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.remote.HubEndpoint;
import io.swiftjvm.hub.remote.HubKind;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The only place that reads environment variables, each when it is asked for:
 *
 * <ul>
 *   <li>{@code HF_HUB_CACHE}: the Hugging Face cache; else {@code HF_HOME/hub}; else {@code ~/.cache/huggingface/hub}
 *   <li>{@code MODELSCOPE_CACHE}: the ModelScope cache; else {@code ~/.cache/modelscope}
 *   <li>{@code HF_ENDPOINT}, {@code MODELSCOPE_ENDPOINT} (or {@code MODELSCOPE_DOMAIN}, a host): the hubs or mirrors of
 *       them; else {@code https://huggingface.co} and {@code https://www.modelscope.cn}
 *   <li>{@code HF_TOKEN}, {@code MODELSCOPE_API_TOKEN}: tokens, sent to the endpoint's own host only; else none
 *   <li>{@code USE_HF}: 1 makes Hugging Face the hub of ids without a prefix; else it is ModelScope
 *   <li>{@code HF_HUB_OFFLINE}, {@code TRANSFORMERS_OFFLINE}: 1 forbids every download
 *   <li>{@code VIRTUAL_ENV}, {@code CONDA_PREFIX}: Python environments whose packages may have NVIDIA's libraries
 *   <li>{@code SWIFT_THREADS}: threads of the CPU kernels, 1 to 1024; absent leaves the choice to the library
 *   <li>{@code CUDA_VISIBLE_DEVICES}: GPUs and their order, which NVIDIA's driver reads; here it explains why there is none
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

  /** The hub of that kind, as this environment sets it: address, token, cache. */
  public HubEndpoint hub(HubKind kind) {
    if (kind == HubKind.HUGGING_FACE) {
      return HubEndpoint.of(kind, value("HF_ENDPOINT").orElse("https://huggingface.co"), value("HF_TOKEN"),
          huggingFaceCache());
    }
    // The variable names the folder of models; without it their library adds a folder in between.
    Path cache = value("MODELSCOPE_CACHE").map(Path::of).orElseGet(() -> modelScopeCache().resolve("hub"));
    String base = value("MODELSCOPE_ENDPOINT")
        .or(() -> value("MODELSCOPE_DOMAIN").map(host -> "https://" + host)).orElse("https://www.modelscope.cn");
    return HubEndpoint.of(kind, base, value("MODELSCOPE_API_TOKEN"), cache);
  }

  /** The hub of ids that have no prefix. */
  public HubKind defaultHub() {
    return isSet("USE_HF") ? HubKind.HUGGING_FACE : HubKind.MODEL_SCOPE;
  }

  /** True when nothing may be downloaded. */
  public boolean offline() {
    return isSet("HF_HUB_OFFLINE") || isSet("TRANSFORMERS_OFFLINE");
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

  /** What hides GPUs from this process, empty for all of them; nothing where all are shown. */
  public Optional<String> visibleGpus() {
    return Optional.ofNullable(variables.apply("CUDA_VISIBLE_DEVICES"));
  }

  /** Folders of Python environments of this user: the active ones, then the user's own packages. */
  public List<Path> pythonRoots() {
    return Stream.of(value("VIRTUAL_ENV").map(Path::of), value("CONDA_PREFIX").map(Path::of),
        Optional.of(home.resolve(".local"))).flatMap(Optional::stream).toList();
  }

  private boolean isSet(String name) {
    return value(name).map(text -> text.strip().toLowerCase(Locale.ROOT))
        .filter(text -> List.of("1", "true", "yes", "on", "y", "t").contains(text)).isPresent();
  }

  private Optional<String> value(String name) {
    return Optional.ofNullable(variables.apply(name)).filter(text -> !text.isBlank());
  }
}
