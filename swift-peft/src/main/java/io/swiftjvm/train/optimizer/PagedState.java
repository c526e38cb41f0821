package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.TrainingException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Zeroed tensors in mapped files of their own: memory that the system can write out, and that costs disk, not swap. */
final class PagedState {
  private static final int BLOCK = 1 << 20;

  private PagedState() {}

  /** A tensor of zeros; its file goes with it. */
  static Tensor zeros(DType dtype, long... shape) {
    long bytes = Math.max(1, Arrays.stream(shape).reduce(1, Math::multiplyExact) * dtype.bytes());
    Path file = null;
    try {
      Path made = Files.createTempFile("swift-optimizer-", ".state");
      file = made;
      Arena arena = Arena.ofShared();
      MemorySegment memory;
      try (FileChannel channel = FileChannel.open(made, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        // Written, not only declared: a page without a place on the disk would end the process when it is touched.
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(BLOCK, bytes));
        for (long at = 0; at < bytes;) {
          zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at));
          at += channel.write(zeros, at);
        }
        memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      }
      forget(made);
      return Tensor.of(Storage.external(memory, () -> close(arena, made)), dtype, shape);
    } catch (IOException e) {
      delete(file);
      throw new TrainingException("The optimizer's paged state needs " + bytes + " bytes more in "
          + System.getProperty("java.io.tmpdir") + ": " + e + ". Free space, set -Djava.io.tmpdir, or use an optim without "
          + OptimType.PAGED + ".", e);
    }
  }

  /** Where the system lets a mapped file go, nothing is left of it however the process ends; elsewhere close does it. */
  private static void forget(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // Windows keeps it while it is mapped.
    }
  }

  private static void close(Arena arena, Path file) {
    arena.close();
    delete(file);
  }

  private static void delete(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
