package io.swiftjvm.train.checkpoint;

import io.swiftjvm.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The {@code checkpoint-<step>} folders of one training. A checkpoint is written beside its place, forced to the disk,
 * given a manifest of sizes and SHA-256 sums, and renamed; a crash at any byte leaves the older ones as they were. Old
 * ones go only when a new one is durable. Where folders cannot be renamed (an archive, an object store behind a
 * {@link java.nio.file.spi.FileSystemProvider}) it is written to a temporary folder and copied, its manifest last.
 */
public final class CheckpointStore {
  private static final Pattern DONE = Pattern.compile("checkpoint-(\\d{1,9})");
  private static final Pattern LEFT =
      Pattern.compile("(?:checkpoint-\\d{1,9}\\.(?:tmp|old)-(\\d{1,12})-[0-9a-f-]+|\\w+\\.(?:jsonl?|html)\\.tmp-(\\d{1,12}))");

  private final Path root;
  private final @Nullable Integer totalLimit;

  /** Checkpoints under {@code root}, of which the newest {@code totalLimit} are kept (null = all). */
  public CheckpointStore(Path root, @Nullable Integer totalLimit) {
    this.root = root;
    this.totalLimit = totalLimit;
  }

  /**
   * Writes the checkpoint of {@code step}.
   *
   * @param bytes about what it takes; a disk with less than that free is refused before anything is written
   * @param keep step of a checkpoint that is not rotated away; 0 = none
   * @param content fills the folder that it is given
   */
  public Path save(int step, long bytes, int keep, Consumer<Path> content) {
    Path target = root.resolve("checkpoint-" + step);
    try {
      Files.createDirectories(root);
      if (Folders.local(root)) {
        removeLeftovers();
        requireSpace(target, bytes);
        saveHere(step, target, content);
      } else {
        saveThere(target, content);
      }
      rotate(target, keep);
      return target;
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException("Cannot save the checkpoint " + target + ", about " + show(bytes) + " with "
          + show(usable()) + " free: " + e + ". Free space or choose another output folder; earlier checkpoints are "
          + "untouched.", e);
    }
  }

  /** Copies a durable checkpoint of another store here, under the same name; {@code keep} as in {@link #save}. */
  public Path copy(Path folder, int keep) {
    return save(step(folder), 0, keep, part -> {
      try {
        Folders.copy(folder, part);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private void saveHere(int step, Path target, Consumer<Path> content) throws IOException {
    String mark = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    Path part = root.resolve("checkpoint-" + step + ".tmp-" + mark);
    Files.createDirectory(part);
    try {
      content.accept(part);
      Folders.forceAll(part);
      Manifest.write(part);
      Folders.force(part);
      Path old = root.resolve("checkpoint-" + step + ".old-" + mark);
      if (Files.exists(target)) {
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      Folders.force(root);
      Folders.delete(old);
    } finally {
      Folders.delete(part);
    }
  }

  private static void saveThere(Path target, Consumer<Path> content) throws IOException {
    Path part = Files.createTempDirectory("swift-checkpoint");
    try {
      content.accept(part);
      Manifest.write(part);
      Folders.delete(target);
      Folders.copy(part, target);
    } finally {
      Folders.delete(part);
    }
  }

  private void requireSpace(Path target, long bytes) {
    long free = usable();
    if (free < bytes) {
      throw new CheckpointException("Cannot save the checkpoint " + target + ": it takes about " + show(bytes) + ", "
          + show(free) + " are free. Free space, set save_total_limit, or choose another output folder; earlier "
          + "checkpoints are untouched.");
    }
  }

  private long usable() {
    try {
      return Files.getFileStore(root).getUsableSpace();
    } catch (IOException | UnsupportedOperationException e) {
      return Long.MAX_VALUE;
    }
  }

  private static String show(long bytes) {
    return bytes == Long.MAX_VALUE ? "an unknown number of bytes" : String.format("%,d bytes", bytes);
  }

  /** The newest checkpoint whose files are all as they were written; damaged ones are passed over. */
  public Optional<Path> latest() {
    for (Path folder : folders().reversed()) {
      try {
        verify(folder);
        return Optional.of(folder);
      } catch (CheckpointException e) {
        System.getLogger(CheckpointStore.class.getName()).log(System.Logger.Level.WARNING, e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Checkpoint folders by rising step, whole or not. */
  public List<Path> folders() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(root)) {
      return files.filter(f -> step(f) >= 0).sorted(Comparator.comparingInt(CheckpointStore::step)).toList();
    } catch (IOException e) {
      throw new CheckpointException("Cannot list the checkpoints of " + root + ": " + e + ". Check the folder.", e);
    }
  }

  /** {@link CheckpointException} unless every file of {@code folder} has the size and sum of its manifest. */
  public static void verify(Path folder) {
    Manifest.verify(folder);
  }

  private void rotate(Path newest, int keep) throws IOException {
    Integer limit = totalLimit;
    if (limit == null) {
      return;
    }
    List<Path> old = new ArrayList<>(folders());
    old.removeIf(folder -> step(folder) == step(newest));
    int surplus = old.size() - (limit - 1);
    for (int i = 0; i < surplus; i++) {
      if (step(old.get(i)) != keep) {
        Folders.delete(old.get(i));
      }
    }
  }

  // What a killed process left; that of a living one may still be in the making.
  /** Removes what a process left that was killed while it wrote; also done before every save. */
  public void tidy() {
    if (Folders.local(root) && Files.isDirectory(root)) {
      try {
        removeLeftovers();
      } catch (IOException | UncheckedIOException e) {
        throw new CheckpointException("Cannot tidy " + root + ": " + e + ". Make the folder writable or choose another "
            + "output folder.", e);
      }
    }
  }

  private void removeLeftovers() throws IOException {
    try (Stream<Path> files = Files.list(root)) {
      for (Path file : files.toList()) {
        Matcher matcher = LEFT.matcher(String.valueOf(file.getFileName()));
        if (matcher.matches()) {
          String pid = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
          if (ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
            if (Files.isDirectory(file)) {
              Folders.delete(file);
            } else {
              Files.deleteIfExists(file);
            }
          }
        }
      }
    }
  }

  /** The step in a checkpoint folder's name, -1 for other names; some file systems end folder names with a slash. */
  private static int step(Path folder) {
    Matcher matcher = DONE.matcher(String.valueOf(folder.getFileName()).replaceFirst("/$", ""));
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
  }
}
