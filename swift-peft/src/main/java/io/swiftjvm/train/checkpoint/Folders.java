package io.swiftjvm.train.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Whole folders: made durable, copied between file systems, removed. */
final class Folders {
  private Folders() {}

  /** True on the machine's own file system, where folders can be renamed and files mapped. */
  static boolean local(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault());
  }

  /** Files and folders under {@code folder}, itself first. */
  static List<Path> walk(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.toList();
    }
  }

  /** Writes all of {@code folder} to the disk. */
  static void forceAll(Path folder) throws IOException {
    for (Path file : walk(folder)) {
      if (Files.isDirectory(file)) {
        force(file);
      } else {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
    }
  }

  // Some platforms cannot open a folder, and there a rename is durable without it.
  static void force(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      System.getLogger(Folders.class.getName()).log(System.Logger.Level.DEBUG, "not forced: " + folder, e);
    }
  }

  /** Copies a checkpoint's files, the manifest last: a copy that breaks off does not look whole. */
  static void copy(Path from, Path to) throws IOException {
    Path manifest = from.resolve(Manifest.FILE);
    for (Path file : walk(from)) {
      Path target = to.resolve(from.relativize(file).toString());
      if (Files.isDirectory(file)) {
        Files.createDirectories(target);
      } else if (!file.equals(manifest)) {
        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (Files.exists(manifest)) {
      Files.copy(manifest, to.resolve(Manifest.FILE), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    // The manifest first: a half-deleted checkpoint must not look whole.
    Files.deleteIfExists(folder.resolve(Manifest.FILE));
    for (Path file : walk(folder).stream().sorted(Comparator.reverseOrder()).toList()) {
      Files.delete(file);
    }
  }
}
