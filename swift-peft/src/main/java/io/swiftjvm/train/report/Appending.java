package io.swiftjvm.train.report;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files that grow line by line. */
final class Appending {
  private Appending() {}

  /** A stream, not a channel, where that can be had: an interrupt meant for the training must not close it. */
  static OutputStream open(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    return file.getFileSystem().equals(FileSystems.getDefault()) ? new FileOutputStream(file.toFile(), true)
        : Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
