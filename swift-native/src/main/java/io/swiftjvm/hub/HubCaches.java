package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.remote.CacheFolders;
import io.swiftjvm.hub.remote.HubId;
import io.swiftjvm.hub.remote.HubKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Repositories that this or another library has downloaded, in the cache layouts of the two hubs. */
final class HubCaches {
  private static final Pattern COMMIT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final int MAX_REF_BYTES = 1024;

  private HubCaches() {}

  /** The folder of {@code id} in the caches of its hub, or of both; what was looked at is added to {@code tried}. */
  static Optional<Path> find(HubId id, Environment environment, List<String> tried) {
    Optional<Path> found = Optional.empty();
    if (id.hub() != HubKind.MODEL_SCOPE) {
      Path repository = CacheFolders.huggingFace(environment.huggingFaceCache(), id.repository());
      tried.add(repository.toString());
      found = snapshot(repository, id).map(snapshot -> inside(snapshot, id)).filter(Files::isDirectory);
    }
    if (id.hub() == HubKind.HUGGING_FACE || found.filter(HubCaches::isComplete).isPresent()) {
      return found;
    }
    Optional<Path> other = modelScope(id, environment, tried);
    return found.isEmpty() || other.filter(HubCaches::isComplete).isPresent() ? other : found;
  }

  private static Optional<Path> modelScope(HubId id, Environment environment, List<String> tried) {
    Path root = environment.modelScopeCache();
    // ModelScope moved its folders between versions.
    for (String base : List.of("models", "hub/models", "hub")) {
      for (String name : CacheFolders.modelScopeNames(id.repository(), id.revision())) {
        Path folder = inside(root.resolve(base).resolve(name), id);
        if (Files.isRegularFile(folder.resolve("config.json"))) {
          return Optional.of(folder);
        }
      }
    }
    tried.add(root.resolve("models").resolve(id.repository()).toString());
    return Optional.empty();
  }

  private static Path inside(Path folder, HubId id) {
    return id.subfolder() == null ? folder : folder.resolve(id.subfolder());
  }

  /** True when {@code folder} has config.json and all weights that it should have, so that nothing is to be fetched. */
  static boolean isComplete(Path folder) {
    ModelFolder files = ModelFolder.of(folder);
    if (files.find("config.json").isEmpty()) {
      return false;
    }
    Optional<Path> index = files.find(ShardIndex.FILE);
    if (index.isPresent() && files.find("model.safetensors").isEmpty()) {
      try {
        ShardIndex.read(files, index.get());
        return true;
      } catch (ModelFormatException e) {
        return false;
      }
    }
    // Weights that cannot be read are all that such a repository has; the loader says what to do.
    return !files.list(".safetensors", ".bin", ".pt", ".pth", ".gguf").isEmpty();
  }

  /** True when {@code folder} has what is needed to judge a model and to encode text. */
  static boolean isDescribed(Path folder) {
    ModelFolder files = ModelFolder.of(folder);
    boolean tokenizer = !files.list("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt").isEmpty();
    return (files.find("config.json").isPresent() && tokenizer) || isComplete(folder);
  }

  private static Optional<Path> snapshot(Path repository, HubId id) {
    Path snapshots = repository.resolve("snapshots");
    String wanted = id.revisionOn(HubKind.HUGGING_FACE);
    Path ref = repository.resolve("refs").resolve(wanted);
    try {
      if (Files.isRegularFile(ref) && Files.size(ref) <= MAX_REF_BYTES) {
        String commit = new String(Files.readAllBytes(ref), StandardCharsets.UTF_8).strip();
        if (!COMMIT.matcher(commit).matches()) {
          throw new ModelFormatException("Cannot use the cached repository " + repository + ": " + ref
              + " does not name a revision. Download it again.");
        }
        return Optional.of(snapshots.resolve(commit)).filter(Files::isDirectory);
      }
      if (id.revision() != null) {
        return Optional.of(snapshots.resolve(wanted))
            .filter(folder -> COMMIT.matcher(wanted).matches() && Files.isDirectory(folder));
      }
      if (!Files.isDirectory(snapshots)) {
        return Optional.empty();
      }
      try (Stream<Path> revisions = Files.list(snapshots)) {
        List<Path> all = revisions.filter(Files::isDirectory).sorted().toList();
        if (all.size() > 1) {
          throw new ModelFormatException("Cached repository " + repository + " has " + all.size()
              + " revisions and no refs/main. Name one: " + id.repository() + "@" + all.getFirst().getFileName()
              + ", ...");
        }
        return all.stream().findFirst();
      }
    } catch (IOException e) {
      throw new ModelFormatException("Cannot read the cached repository " + repository + ": " + e, e);
    }
  }
}
