package io.swiftjvm.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: bytes go to a temporary neighbour, are forced to the disk, and the neighbour
 * is renamed over the target. A failure removes the neighbour and leaves an older target as it was.
 */
public final class AtomicFile {
  private AtomicFile() {}

  /** Writes into an open channel. */
  @FunctionalInterface
  public interface Body {
    /** Writes everything. */
    void write(FileChannel out) throws IOException;
  }

  /** Replaces {@code target} by what {@code body} writes; throws {@link UncheckedIOException} naming the target. */
  public static void write(Path target, Body body) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null) {
      throw new IllegalArgumentException("not a file path: " + target);
    }
    Path part = folder.resolve(absolute.getFileName() + ".tmp-" + ProcessHandle.current().pid());
    try {
      try (FileChannel out = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING)) {
        body.write(out);
        out.force(true);
      }
      move(part, absolute);
      force(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + target + ": " + e, e);
    } finally {
      deleteQuietly(part);
    }
  }

  /** Replaces {@code target} by {@code text} in UTF-8. */
  public static void write(Path target, String text) {
    write(target, out -> writeFully(out, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
  }

  static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  // A rename is durable only when its folder is; some platforms cannot open a folder, and there it is not needed.
  private static void force(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      System.getLogger(AtomicFile.class.getName()).log(System.Logger.Level.DEBUG, "folder not forced: " + folder, e);
    }
  }

  private static void deleteQuietly(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      System.getLogger(AtomicFile.class.getName()).log(System.Logger.Level.WARNING, "left behind: " + part, e);
    }
  }
}
