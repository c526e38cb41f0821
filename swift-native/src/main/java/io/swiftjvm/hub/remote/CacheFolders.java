package io.swiftjvm.hub.remote;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The names that the libraries of the hubs give to folders of a repository. */
public final class CacheFolders {
  private CacheFolders() {}

  /** {@code models--ORG--NAME} in the Hugging Face cache. */
  public static Path huggingFace(Path cache, String repository) {
    return cache.resolve("models--" + repository.replace("/", "--"));
  }

  /** {@code models/ORG/NAME} in the ModelScope cache, dots of the name as three underscores. */
  public static Path modelScope(Path cache, String repository, @Nullable String revision) {
    return cache.resolve("models").resolve(modelScopeNames(repository, revision).getFirst());
  }

  /**
   * Names that a ModelScope folder may have, the present one first. Their library keeps one folder for all revisions
   * and mixes files; a revision other than the default gets a folder of its own here.
   */
  public static List<String> modelScopeNames(String repository, @Nullable String revision) {
    int slash = repository.indexOf('/') + 1;
    String end = revision == null || revision.equals(HubKind.MODEL_SCOPE.defaultRevision()) ? ""
        : "@" + revision.replace("/", "--");
    String current = repository.substring(0, slash) + repository.substring(slash).replace(".", "___");
    List<String> names = new ArrayList<>(List.of(current + end));
    for (String old : List.of(repository, repository.replace(".", "___"))) {
      if (!names.contains(old + end)) {
        names.add(old + end);
      }
    }
    return List.copyOf(names);
  }
}
