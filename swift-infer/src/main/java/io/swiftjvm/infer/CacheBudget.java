package io.swiftjvm.infer;

import com.sun.management.OperatingSystemMXBean;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.LatentAttentionConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How many blocks of keys and values an engine may have; decided once, when it starts.
 *
 * @param blocks of all sequences together
 * @param length most tokens of one sequence
 */
record CacheBudget(int blocks, int length) {
  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final String AVAILABLE = "MemAvailable:";

  static CacheBudget of(DecoderConfig config, EngineOptions options) {
    return of(config, options, freeMemory());
  }

  /**
   * The budget where {@code free} bytes are free.
   *
   * @throws InvalidPlanException if the lengths that were asked for do not fit the model or the memory
   */
  static CacheBudget of(DecoderConfig config, EngineOptions options, long free) {
    int positions = config.maxPositions();
    Integer asked = options.maxLength();
    if (asked != null && asked > positions) {
      throw new InvalidPlanException("max_model_len is " + asked + "; the model has " + positions
          + " positions. Lower it or leave it unset.");
    }
    int length = asked == null ? positions : asked;
    long block = KvCache.BLOCK * tokenBytes(config, options.cacheType());
    int most = KvCache.most(options.maxSequences(), length);
    long room = block == 0 ? most : (long) (free * options.memoryShare()) / block;
    int blocks = (int) Math.min(most, room);
    int needed = Math.ceilDiv(asked == null ? 2 : asked, KvCache.BLOCK);
    if (blocks < needed) {
      throw new InvalidPlanException("Keys and values of " + (asked == null ? "one block" : asked + " tokens") + " take "
          + needed * block / 1_000_000 + " MB, but gpu_memory_utilization " + options.memoryShare() + " of "
          + free / 1_000_000 + " MB free memory is less. Lower max_model_len, raise gpu_memory_utilization or use the "
          + "8-bit cache.");
    }
    return new CacheBudget(blocks, (int) Math.min(length, (long) blocks * KvCache.BLOCK));
  }

  /** Bytes of keys and values of one token in all layers. */
  private static long tokenBytes(DecoderConfig config, DType type) {
    long bytes = 0;
    for (LayerConfig layer : config.layers()) {
      boolean whole = switch (layer.mixer()) {
        case AttentionConfig a -> a.headDim() % type.block() == 0;
        case LatentAttentionConfig a -> a.headDim() % type.block() == 0 && a.valueDim() % type.block() == 0;
        default -> true;
      };
      if (!whole) {
        throw new InvalidPlanException("The 8-bit cache needs heads of a multiple of " + type.block()
            + "; this " + config.modelType() + " has others. Use the float32 cache.");
      }
      if (!(layer.mixer() instanceof DeltaNetConfig)) {
        bytes += type.bytes(layer.mixer().keyWidth()) + type.bytes(layer.mixer().valueWidth());
      }
    }
    return bytes;
  }

  /** Memory that could be had without taking any from a program, file caches included where the system tells. */
  private static long freeMemory() {
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long free = system.getFreeMemorySize();
    try {
      long total = 0;
      long available = 0;
      for (String line : Files.isReadable(MEMORY) ? Files.readAllLines(MEMORY) : List.<String>of()) {
        if (line.startsWith("MemTotal:")) {
          total = kilobytes(line);
        } else if (line.startsWith(AVAILABLE)) {
          available = kilobytes(line);
        }
      }
      // in a container with a limit of its own the file speaks of the machine
      return system.getTotalMemorySize() < total ? free : Math.max(free, available);
    } catch (IOException | NumberFormatException e) {
      return free;
    }
  }

  private static long kilobytes(String line) {
    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
  }
}
