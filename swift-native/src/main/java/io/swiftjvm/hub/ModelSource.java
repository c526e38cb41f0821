package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a model argument led: a local folder, a model inside the jar, or a repository that the Hugging Face or
 * ModelScope library has downloaded before. Nothing is downloaded.
 *
 * {@snippet :
 * try (ModelSource source = ModelSource.locator().open("swift-tiny")) {
 *   ModelConfig config = ModelConfig.load(source.folder());
 * }
 * }
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
    CACHED
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

  /** The usual places: this process's environment, the library's class path, no cache of our own. */
  public static Locator locator() {
    return new Locator(Environment.system(), null);
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
   * @param environment gives the hub caches
   * @param cacheDir where embedded models are unpacked and kept; null unpacks into a temporary folder each time
   */
  public record Locator(Environment environment, @Nullable Path cacheDir) {
    /** Sets the environment. Default: this process's. */
    public Locator environment(Environment environment) {
      return new Locator(environment, cacheDir);
    }

    /** Keeps unpacked models under {@code cacheDir}. Default: a temporary folder, deleted on close. */
    public Locator cacheDir(Path cacheDir) {
      return new Locator(environment, cacheDir);
    }

    /** Finds {@code model}; {@link ModelFormatException} says what was tried. */
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
      Optional<Path> cached = HubCaches.find(model, environment, tried);
      if (cached.isPresent()) {
        return new ModelSource(model, Kind.CACHED, cached.get(), () -> {});
      }
      throw new ModelFormatException("No model '" + StrictJson.shown(model) + "'. Tried: " + String.join("; ", tried)
          + ". This version does not download: fetch it first (huggingface-cli download ORG/NAME) or pass its folder.");
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
