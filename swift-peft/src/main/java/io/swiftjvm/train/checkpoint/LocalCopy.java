package io.swiftjvm.train.checkpoint;

import io.swiftjvm.error.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A checkpoint where its files can be mapped: itself, or a copy of one on another file system until it is closed. */
public final class LocalCopy implements AutoCloseable {
  private final Path folder;
  private final @Nullable Path temporary;

  private LocalCopy(Path folder, @Nullable Path temporary) {
    this.folder = folder;
    this.temporary = temporary;
  }

  /** Verifies the checkpoint in {@code folder} and makes it readable here. */
  public static LocalCopy of(Path folder) {
    if (Folders.local(folder)) {
      Manifest.verify(folder);
      return new LocalCopy(folder, null);
    }
    try {
      Path root = Files.createTempDirectory("swift-checkpoint");
      LocalCopy copy = new LocalCopy(root.resolve("copy"), root);
      boolean done = false;
      try {
        if (Files.isDirectory(folder)) {
          Folders.copy(folder, copy.folder);
        }
        Manifest.verify(copy.folder, folder);
        done = true;
        return copy;
      } finally {
        if (!done) {
          copy.close();
        }
      }
    } catch (IOException e) {
      throw new CheckpointException("Cannot fetch the checkpoint " + folder + ": " + e + ". Continue another one.", e);
    }
  }

  /** Where the files are. */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() {
    if (temporary == null) {
      return;
    }
    try {
      Folders.delete(temporary);
    } catch (IOException e) {
      System.getLogger(LocalCopy.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + temporary, e);
    }
  }
}
