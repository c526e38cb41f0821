package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** Where the files of one repository at one revision lie on disk. */
sealed interface CacheLayout permits HuggingFaceCache, ModelScopeCache {
  /** The lock file of the repository. */
  Path lock();

  /** Where the verified bytes of {@code file} wait until all files are there. */
  Path staged(RemoteFile file);

  /** True when the bytes of {@code file} are here, whole. */
  boolean has(RemoteFile file) throws IOException;

  /** Makes the staged files visible as a folder, {@code config.json} last, and gives the folder. */
  Path publish(Listing listing) throws IOException;

  /** The layout of {@code hub}'s own library. */
  static CacheLayout of(HubEndpoint hub, HubId id) {
    return switch (hub.kind()) {
      case HUGGING_FACE -> new HuggingFaceCache(hub.cache(), id, HuggingFaceCache.SYMBOLIC);
      case MODEL_SCOPE -> new ModelScopeCache(hub.cache(), id);
    };
  }

  /** {@code files} with config.json at the end: a folder that has it has everything. */
  static List<RemoteFile> configLast(List<RemoteFile> files) {
    return files.stream().sorted(Comparator.comparing((RemoteFile f) -> f.path().endsWith("config.json"))
        .thenComparing(f -> f.path().equals("config.json"))).toList();
  }
}
