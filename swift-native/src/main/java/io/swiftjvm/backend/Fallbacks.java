package io.swiftjvm.backend;

import java.util.ArrayList;
import java.util.Comparator;
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
 * backend.fallbacks().events().forEach(System.out::println);
 * }
 */
public final class Fallbacks {
  private static final String COMPOSED = "no kernel, composed from simpler operations";
  private static final System.Logger LOG = System.getLogger(Fallbacks.class.getName());

  private final Consumer<String> log;
  private final List<LongAdder> composed = Stream.generate(LongAdder::new).limit(FusedOp.values().length).toList();
  private final Map<Cause, LongAdder> others = new ConcurrentHashMap<>();

  private record Cause(String operation, String reason) {}

  /**
   * What was done without a kernel.
   *
   * @param operation its name, with the type where that is the cause
   * @param reason why, and what was done instead
   * @param count how often
   */
  public record Event(String operation, String reason, long count) {
    @Override
    public String toString() {
      return operation + ": " + reason + ", " + count + (count == 1 ? " time" : " times");
    }
  }

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
      log.accept(op.method() + ": " + COMPOSED);
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
    others.computeIfAbsent(new Cause(what, reason), cause -> {
      log.accept(what + ": " + reason);
      return new LongAdder();
    }).increment();
  }

  /** How often a fused operation was composed. */
  public long count(FusedOp op) {
    return composed.get(op.ordinal()).sum();
  }

  /** {@link #events} as operation and reason in one, to how often. */
  public Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    events().forEach(event -> counts.put(event.operation + ": " + event.reason, event.count));
    return counts;
  }

  /** Every fallback that has happened, by operation. */
  public List<Event> events() {
    List<Event> events = new ArrayList<>();
    for (FusedOp op : FusedOp.values()) {
      if (count(op) > 0) {
        events.add(new Event(op.method(), COMPOSED, count(op)));
      }
    }
    others.forEach((cause, n) -> events.add(new Event(cause.operation, cause.reason, n.sum())));
    events.sort(Comparator.comparing(Event::operation).thenComparing(Event::reason));
    return List.copyOf(events);
  }
}
