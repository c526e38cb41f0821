package io.swiftjvm.train.checkpoint;

import io.swiftjvm.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
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
 * ones go only when a new one is durable.
 */
public final class CheckpointStore {
  private static final Pattern DONE = Pattern.compile("checkpoint-(\\d{1,9})");
  private static final Pattern LEFT = Pattern.compile("checkpoint-\\d{1,9}\\.(?:tmp|old)-(\\d{1,12})-[0-9a-f-]+");

  private final Path root;
  private final @Nullable Integer totalLimit;

  /** Checkpoints under {@code root}, of which the newest {@code totalLimit} are kept (null = all). */
  public CheckpointStore(Path root, @Nullable Integer totalLimit) {
    this.root = root;
    this.totalLimit = totalLimit;
  }

  /** Writes the checkpoint of {@code step}; {@code content} fills the folder that it is given. */
  public Path save(int step, Consumer<Path> content) {
    Path target = root.resolve("checkpoint-" + step);
    String mark = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
    Path part = root.resolve("checkpoint-" + step + ".tmp-" + mark);
    try {
      Files.createDirectories(root);
      removeLeftovers();
      Files.createDirectory(part);
      try {
        content.accept(part);
        forceAll(part);
        Manifest.write(part);
        force(part);
        Path old = root.resolve("checkpoint-" + step + ".old-" + mark);
        if (Files.exists(target)) {
          Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        force(root);
        delete(old);
      } finally {
        delete(part);
      }
      rotate(target);
      return target;
    } catch (IOException | UncheckedIOException e) {
      throw new CheckpointException("Cannot save the checkpoint " + target + ": " + e
          + ". Free space or choose another output folder; earlier checkpoints are untouched.", e);
    }
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
      return files.filter(f -> DONE.matcher(String.valueOf(f.getFileName())).matches())
          .sorted(Comparator.comparingInt(CheckpointStore::step)).toList();
    } catch (IOException e) {
      throw new CheckpointException("Cannot list the checkpoints of " + root + ": " + e + ". Check the folder.", e);
    }
  }

  /** {@link CheckpointException} unless every file of {@code folder} has the size and sum of its manifest. */
  public static void verify(Path folder) {
    Manifest.verify(folder);
  }

  private void rotate(Path newest) throws IOException {
    Integer limit = totalLimit;
    if (limit == null) {
      return;
    }
    List<Path> old = new ArrayList<>(folders());
    old.remove(newest);
    for (int i = 0; i < old.size() - (limit - 1); i++) {
      delete(old.get(i));
    }
  }

  // What a killed process left; that of a living one may still be in the making.
  private void removeLeftovers() throws IOException {
    try (Stream<Path> files = Files.list(root)) {
      for (Path file : files.toList()) {
        Matcher matcher = LEFT.matcher(String.valueOf(file.getFileName()));
        if (matcher.matches() && ProcessHandle.of(Long.parseLong(matcher.group(1))).isEmpty()) {
          delete(file);
        }
      }
    }
  }

  private static int step(Path folder) {
    Matcher matcher = DONE.matcher(String.valueOf(folder.getFileName()));
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
  }

  private static void forceAll(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        if (Files.isDirectory(file)) {
          force(file);
        } else {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  // Some platforms cannot open a folder, and there a rename is durable without it.
  private static void force(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      System.getLogger(CheckpointStore.class.getName()).log(System.Logger.Level.DEBUG, "not forced: " + folder, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    // The manifest first: a half-deleted checkpoint must not look whole.
    Files.deleteIfExists(folder.resolve(Manifest.FILE));
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
