package io.swiftjvm.parallel;

import java.util.List;
import java.util.Locale;

/**
 * Memory by purpose, in bytes, at the fullest moment. {@link #toString()} is a table, one line a purpose.
 *
 * @param weights the file that is mapped, and copies of it in another type
 * @param adapters low-rank adapters
 * @param gradients of what learns, as far as they stand at that moment
 * @param optimizer what the optimizer keeps
 * @param activations what a pass keeps for its backward pass, and the work on it
 * @param logits the chunk of logits, with what belongs to the labelled rows
 * @param cache keys and values of sequences that are answered
 * @param rounding what the pool's blocks have beyond copies, adapters and optimizer state
 * @param slack kept blocks of the pool, heap and code of the JVM
 * @param mapped the part of {@code weights} that is mapped and not in the pool
 */
public record MemoryEstimate(
    long weights, long adapters, long gradients, long optimizer, long activations, long logits, long cache, long rounding,
    long slack, long mapped) {
  private static final double MIB = 1 << 20;

  /** Bytes of the whole process. */
  public long total() {
    return weights + adapters + gradients + optimizer + activations + logits + cache + rounding + slack;
  }

  /** Bytes of the backend's pool at its peak, without slack. */
  public long pool() {
    return total() - slack - mapped;
  }

  /** {@code 1.2 GiB} from 1 GiB on, else {@code 34.5 MiB}. */
  public static String show(long bytes) {
    double mib = bytes / MIB;
    return mib >= 1024 ? String.format(Locale.ROOT, "%.2f GiB", mib / 1024)
        : String.format(Locale.ROOT, "%.1f MiB", mib);
  }

  private static String line(String name, long bytes, String what) {
    return String.format(Locale.ROOT, "%-12s%12s  %s", name, show(bytes), what).stripTrailing();
  }

  @Override
  public String toString() {
    return String.join("\n", List.of(
        line("weights", weights, mapped == weights ? "the mapped file"
            : show(mapped) + " mapped file + " + show(weights - mapped) + " copies"),
        line("adapters", adapters, ""),
        line("gradients", gradients, ""),
        line("optimizer", optimizer, ""),
        line("activations", activations, ""),
        line("logits", logits, "chunk of logits and the labelled rows"),
        line("kv cache", cache, ""),
        line("rounding", rounding, "blocks of the pool"),
        line("slack", slack, "kept blocks of the pool, JVM"),
        line("total", total(), "")));
  }
}
