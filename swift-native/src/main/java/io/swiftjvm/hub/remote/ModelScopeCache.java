package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * {@code models/ORG/NAME} with the files themselves, as the ModelScope library keeps them; unfinished ones wait in its
 * folder for temporary files.
 */
final class ModelScopeCache implements CacheLayout {
  private static final String STAGE = "._____temp";

  private final Path cache;
  private final HubId id;
  private final Path folder;

  ModelScopeCache(Path cache, HubId id) {
    this.cache = cache;
    this.id = id;
    this.folder = CacheFolders.modelScope(cache, id.repository(), id.revision());
  }

  @Override
  public Path lock() {
    String name = id.repository() + "@" + id.revisionOn(HubKind.MODEL_SCOPE);
    return cache.resolve(".lock").resolve(name.replace("/", "___") + ".swift.lock");
  }

  @Override
  public Path staged(RemoteFile file) {
    return RemotePaths.under(folder.resolve(STAGE), file.path());
  }

  // Names say nothing about the content here, and a branch moves: only the hash tells.
  @Override
  public boolean has(RemoteFile file) throws IOException {
    return FileDownload.matches(staged(file), file)
        || FileDownload.matches(RemotePaths.under(folder, file.path()), file);
  }

  @Override
  public Path publish(Listing listing) throws IOException {
    for (RemoteFile file : CacheLayout.configLast(listing.files())) {
      Path staged = staged(file);
      Path place = RemotePaths.under(folder, file.path());
      if (Files.isRegularFile(staged)) {
        Renames.folderOf(place);
        Renames.replace(staged, place);
      }
    }
    return id.subfolder() == null ? folder : folder.resolve(id.subfolder());
  }
}
