package io.swiftjvm.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds golden files: those of the repository, and the whole collection where it lies beside the checkout. */
public final class OracleFiles {
  private OracleFiles() {}

  /** A golden file or folder that the repository brings, by its path in the collection: {@code models/qwen3}. */
  public static Path path(String relative) {
    return find("swift-native/src/test/resources/oracle")
        .map(root -> root.resolve(relative))
        .filter(Files::exists)
        .orElseThrow(() -> new IllegalStateException("no golden file oracle/" + relative));
  }

  /** The whole collection, present only where {@code shared/oracle} stands beside the checkout. */
  public static Optional<Path> shared(String relative) {
    return find("shared/oracle").map(root -> root.resolve(relative)).filter(Files::exists);
  }

  private static Optional<Path> find(String folder) {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve(folder))) {
        return Optional.of(at.resolve(folder));
      }
    }
    return Optional.empty();
  }
}
