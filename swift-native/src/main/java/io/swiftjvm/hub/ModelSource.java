package io.swiftjvm.hub;

import io.swiftjvm.error.HubException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.remote.HubAliases;
import io.swiftjvm.hub.remote.HubDownloader;
import io.swiftjvm.hub.remote.HubEndpoint;
import io.swiftjvm.hub.remote.HubId;
import io.swiftjvm.hub.remote.HubKind;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a model argument led: a local folder, a model inside the jar, a repository that the Hugging Face or ModelScope
 * library or this one has downloaded before, or one that was fetched from its hub just now. What is whole in a cache is
 * used without asking the hub.
 *
 * {@snippet :
 * try (ModelSource source = ModelSource.locator().open("swift-tiny")) {
 *   ModelConfig config = ModelConfig.load(source.folder());
 * }
 * }
 *
 * <p>A repository is {@code [hf::|ms::]ORG/NAME[@REVISION][:SUBFOLDER]} or an alias of {@link HubAliases}, such as
 * {@code qwen3}. The hub is ModelScope unless a prefix, {@link HubOptions#defaultHub} or USE_HF says otherwise.
 *
 * <p>{@link #close()} deletes what was unpacked for this source, so close it after the model.
 */
public final class ModelSource implements AutoCloseable {
  /** What a model argument was. */
  public enum Kind {
    /** A folder of the file system. */
    FOLDER,
    /** A model that comes with the library. */
    EMBEDDED,
    /** A repository in a cache of a hub library. */
    CACHED,
    /** A repository that was fetched, or completed, by this call. */
    DOWNLOADED
  }

  private final String name;
  private final Kind kind;
  private final Path folder;
  private final Runnable cleanup;

  ModelSource(String name, Kind kind, Path folder, Runnable cleanup) {
    this.name = name;
    this.kind = kind;
    this.folder = folder;
    this.cleanup = cleanup;
  }

  /** The usual places: this process's environment, the library's class path, the hubs, no cache of our own. */
  public static Locator locator() {
    return new Locator(Environment.system(), null, HubOptions.DEFAULT);
  }

  /** The argument as it was given. */
  public String name() {
    return name;
  }

  /** What the argument was. */
  public Kind kind() {
    return kind;
  }

  /** The folder with {@code config.json} and the weights. */
  public Path folder() {
    return folder;
  }

  /** Deletes what was unpacked; folders that were there before stay. Closing twice is allowed. */
  @Override
  public void close() {
    cleanup.run();
  }

  @Override
  public String toString() {
    return name + " (" + kind + ", " + folder + ")";
  }

  /**
   * Settings of the search.
   *
   * @param environment gives the hubs and their caches
   * @param cacheDir where embedded models are unpacked and kept; null unpacks into a temporary folder each time
   * @param hub how repositories are fetched
   */
  public record Locator(Environment environment, @Nullable Path cacheDir, HubOptions hub) {
    /** Sets the environment. Default: this process's. */
    public Locator environment(Environment environment) {
      return new Locator(environment, cacheDir, hub);
    }

    /** Keeps unpacked models under {@code cacheDir}. Default: a temporary folder, deleted on close. */
    public Locator cacheDir(Path cacheDir) {
      return new Locator(environment, cacheDir, hub);
    }

    /** Changes how repositories are fetched. Default: {@link HubOptions#DEFAULT}. */
    public Locator hub(UnaryOperator<HubOptions> change) {
      return new Locator(environment, cacheDir, change.apply(hub));
    }

    /**
     * Finds {@code model}, and fetches it when it is on a hub only.
     *
     * @throws ModelFormatException when it is nowhere; says what was tried
     * @throws io.swiftjvm.error.HubException when the hub refuses or cannot be reached
     * @throws io.swiftjvm.error.CancelledException when the thread is interrupted while downloading
     */
    public ModelSource open(String model) {
      EmbeddedModels embedded = EmbeddedModels.ofLibrary();
      List<String> tried = new ArrayList<>();
      Optional<Path> local = localFolder(model);
      boolean isModel = local.isPresent() && Files.exists(local.get().resolve("config.json"));
      if (local.isPresent() && (isModel || !embedded.exists(model))) {
        return new ModelSource(model, Kind.FOLDER, local.get(), () -> {});
      }
      tried.add("a local folder");
      if (embedded.exists(model)) {
        return embedded.open(model, cacheDir);
      }
      tried.add("a model inside the library");
      return onHub(model, tried);
    }

    private ModelSource onHub(String model, List<String> tried) {
      HubKind standard = hub.defaultHub() == null ? environment.defaultHub() : hub.defaultHub();
      Optional<HubId> named = HubId.parse(HubAliases.resolve(model, standard));
      if (named.isEmpty()) {
        tried.add("a hub id (not one: it has the form ORG/NAME)");
        throw none(model, tried, "Pass a folder, ORG/NAME, or one of " + String.join(", ", HubAliases.names()));
      }
      HubId id = named.get().revision() == null ? named.get().revision(hub.revision()) : named.get();
      Optional<Path> cached = HubCaches.find(id, environment, tried);
      boolean offline = hub.offline() || environment.offline();
      if (cached.isPresent() && (offline || suffices(cached.get()))) {
        return new ModelSource(model, Kind.CACHED, cached.get(), () -> {});
      }
      if (offline) {
        throw none(model, tried, "Downloads are off (offline, HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE). Turn them on, or"
            + " fetch the model elsewhere and pass its folder");
      }
      HubEndpoint from = environment.hub(id.hub() == null ? standard : id.hub());
      try {
        HubDownloader downloader = new HubDownloader(from, hub.transfer(), hub.listener()).weights(hub.weights());
        return new ModelSource(model, Kind.DOWNLOADED, downloader.download(id), () -> {});
      } catch (HubException e) {
        if (cached.isEmpty() || e.reason() != HubException.Reason.UNREACHABLE) {
          throw e;
        }
        // What is there may be enough for the caller; what is missing is refused by name later.
        System.getLogger(ModelSource.class.getName()).log(System.Logger.Level.WARNING,
            "using the incomplete " + cached.get() + ": " + e.getMessage());
        return new ModelSource(model, Kind.CACHED, cached.get(), () -> {});
      }
    }

    private boolean suffices(Path folder) {
      return hub.weights() ? HubCaches.isComplete(folder) : HubCaches.isDescribed(folder);
    }

    private static ModelFormatException none(String model, List<String> tried, String advice) {
      return new ModelFormatException("No model '" + StrictJson.shown(model) + "'. Tried: " + String.join("; ", tried)
          + ". " + advice + ".");
    }

    private static Optional<Path> localFolder(String model) {
      try {
        Path path = Path.of(model);
        if (!model.isBlank() && Files.isRegularFile(path)) {
          throw new ModelFormatException("Model '" + StrictJson.shown(model)
              + "' is a file. Pass the folder that holds config.json and the weights.");
        }
        return Optional.of(path).filter(p -> !model.isBlank() && Files.isDirectory(p));
      } catch (InvalidPathException e) {
        return Optional.empty();
      }
    }
  }
}
