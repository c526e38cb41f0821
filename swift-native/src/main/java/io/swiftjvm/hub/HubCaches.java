package io.swiftjvm.hub;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Repositories that another library has downloaded, in the cache layouts of the two hubs. */
final class HubCaches {
  private static final String PART = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
  private static final Pattern ID = Pattern.compile(PART + "/" + PART);
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
  private static final int MAX_REF_BYTES = 1024;

  private HubCaches() {}

  /** The folder of repository {@code id}, when a cache has it; what was looked at is added to {@code tried}. */
  static Optional<Path> find(String id, Environment environment, List<String> tried) {
    if (!ID.matcher(id).matches() || id.contains("..")) {
      tried.add("a hub id (not one: it has the form ORG/NAME)");
      return Optional.empty();
    }
    Path repository = environment.huggingFaceCache().resolve("models--" + id.replace("/", "--"));
    tried.add(repository.toString());
    Optional<Path> snapshot = snapshot(repository);
    if (snapshot.isPresent()) {
      return snapshot;
    }
    // ModelScope writes dots of a name as three underscores, and moved its folders between versions.
    Path root = environment.modelScopeCache();
    for (String base : List.of("models", "hub/models", "hub")) {
      for (String name : List.of(id, id.replace(".", "___"))) {
        Path folder = root.resolve(base).resolve(name);
        if (Files.isRegularFile(folder.resolve("config.json"))) {
          return Optional.of(folder);
        }
      }
    }
    tried.add(root.resolve("models").resolve(id).toString());
    return Optional.empty();
  }

  private static Optional<Path> snapshot(Path repository) {
    Path snapshots = repository.resolve("snapshots");
    Path main = repository.resolve("refs/main");
    try {
      if (Files.isRegularFile(main) && Files.size(main) <= MAX_REF_BYTES) {
        String revision = new String(Files.readAllBytes(main), StandardCharsets.UTF_8).strip();
        if (!REVISION.matcher(revision).matches()) {
          throw new ModelFormatException("Cannot use the cached repository " + repository + ": " + main
              + " does not name a revision. Download it again.");
        }
        return Optional.of(snapshots.resolve(revision)).filter(Files::isDirectory);
      }
      if (!Files.isDirectory(snapshots)) {
        return Optional.empty();
      }
      try (Stream<Path> revisions = Files.list(snapshots)) {
        List<Path> all = revisions.filter(Files::isDirectory).sorted().toList();
        if (all.size() > 1) {
          throw new ModelFormatException("Cached repository " + repository + " has " + all.size()
              + " revisions and no refs/main. Pass the folder of one: " + all.getFirst() + ", ...");
        }
        return all.stream().findFirst();
      }
    } catch (IOException e) {
      throw new ModelFormatException("Cannot read the cached repository " + repository + ": " + e, e);
    }
  }
}
