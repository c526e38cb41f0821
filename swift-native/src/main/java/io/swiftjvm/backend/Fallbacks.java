package io.swiftjvm.backend;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How often a device did without a kernel: each operation that was computed in another way is counted under its reason,
 * and told once to {@link System.Logger}. One object belongs to one backend; thread-safe.
 *
 * {@snippet :
 * backend.fallbacks().counts().forEach((what, n) -> System.out.println(what + ": " + n + " times"));
 * }
 */
public final class Fallbacks {
  private static final System.Logger LOG = System.getLogger(Fallbacks.class.getName());

  private final Consumer<String> log;
  private final List<LongAdder> composed = Stream.generate(LongAdder::new).limit(FusedOp.values().length).toList();
  private final Map<String, LongAdder> others = new ConcurrentHashMap<>();

  /** For the backend of this name. */
  public Fallbacks(String device) {
    this(text -> LOG.log(System.Logger.Level.INFO, "{0}: {1}", device, text));
  }

  /** Told to {@code log} instead of the system's logger. */
  public Fallbacks(Consumer<String> log) {
    this.log = log;
  }

  /** A fused operation has no kernel on this device and is composed from primitives. */
  public void composed(FusedOp op) {
    LongAdder count = composed.get(op.ordinal());
    if (count.sum() == 0) {
      log.accept(op + " has no kernel, it is composed from primitives");
    }
    count.increment();
  }

  /**
   * Anything else that is done in a slower way.
   *
   * @param what the operation, with its type where that is the cause
   * @param reason why, and what is done instead
   */
  public void other(String what, String reason) {
    others.computeIfAbsent(what + ": " + reason, text -> {
      log.accept(text);
      return new LongAdder();
    }).increment();
  }

  /** How often a fused operation was composed. */
  public long count(FusedOp op) {
    return composed.get(op.ordinal()).sum();
  }

  /** Every fallback that has happened: what and why, to how often. */
  public Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    for (FusedOp op : FusedOp.values()) {
      if (count(op) > 0) {
        counts.put(op + " has no kernel, it is composed from primitives", count(op));
      }
    }
    others.forEach((what, n) -> counts.put(what, n.sum()));
    return counts;
  }
}
