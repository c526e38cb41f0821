package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * {@code models--ORG--NAME/blobs/HASH} with the bytes, {@code snapshots/COMMIT/PATH} as links to them, and
 * {@code refs/REVISION} with the commit: the layout of huggingface_hub, which finds what is put here and the other way
 * round.
 */
final class HuggingFaceCache implements CacheLayout {
  static final Linker SYMBOLIC = Files::createSymbolicLink;

  private final Path cache;
  private final HubId id;
  private final Linker linker;
  private final Path repository;

  /** Makes a symbolic link. */
  @FunctionalInterface
  interface Linker {
    Path link(Path link, Path target) throws IOException;
  }

  HuggingFaceCache(Path cache, HubId id, Linker linker) {
    this.cache = cache;
    this.id = id;
    this.linker = linker;
    this.repository = CacheFolders.huggingFace(cache, id.repository());
  }

  @Override
  public Path lock() {
    return cache.resolve(".locks").resolve(String.valueOf(repository.getFileName())).resolve("swift.lock");
  }

  @Override
  public Path staged(RemoteFile file) {
    String blob = file.blob();
    if (blob == null) {
      throw RemotePaths.refused("it gives no hash for '" + Shown.of(file.path()) + "'");
    }
    return repository.resolve("blobs").resolve(blob);
  }

  // A blob gets its name after its hash was right.
  @Override
  public boolean has(RemoteFile file) throws IOException {
    Path blob = staged(file);
    return Files.isRegularFile(blob) && Files.size(blob) == file.size();
  }

  @Override
  public Path publish(Listing listing) throws IOException {
    Path snapshot = repository.resolve("snapshots").resolve(listing.commit());
    Files.createDirectories(snapshot);
    for (RemoteFile file : CacheLayout.configLast(listing.files())) {
      put(staged(file), RemotePaths.under(snapshot, file.path()), file.size());
    }
    String revision = id.revisionOn(HubKind.HUGGING_FACE);
    if (!revision.equals(listing.commit())) {
      Path ref = RemotePaths.under(repository.resolve("refs"), revision);
      Path next = Renames.folderOf(ref).resolve(ref.getFileName() + ".tmp");
      Files.writeString(next, listing.commit());
      Renames.replace(next, ref);
    }
    return id.subfolder() == null ? snapshot : snapshot.resolve(id.subfolder());
  }

  private void put(Path blob, Path place, long size) throws IOException {
    Path folder = Renames.folderOf(place);
    Path target = folder.relativize(blob.toAbsolutePath());
    boolean linked = Files.isSymbolicLink(place) && Files.readSymbolicLink(place).equals(target);
    if (linked) {
      return;
    }
    Path next = folder.resolve(place.getFileName() + ".tmp");
    Files.deleteIfExists(next);
    try {
      linker.link(next, target);
    } catch (IOException | UnsupportedOperationException e) {
      if (Files.isRegularFile(place) && Files.size(place) == size && Files.mismatch(place, blob) < 0) {
        return;
      }
      Files.copy(blob, next, StandardCopyOption.REPLACE_EXISTING);
    }
    Renames.replace(next, place);
  }
}
