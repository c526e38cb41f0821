package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * How long a server waits.
 *
 * @param headers for the head of a request, once it began
 * @param body for a whole body
 * @param write for a client that does not take what is sent to it
 * @param queue for a place in the batch; then 429
 * @param heartbeat silence after which a client is tried, so that one that left is noticed
 * @param drain for running requests at the end
 */
public record Deadlines(
    Duration headers, Duration body, Duration write, Duration queue, Duration heartbeat, Duration drain) {
  /** 10, 60, 30, 60, 1 and 30 seconds. */
  public static final Deadlines DEFAULT = new Deadlines(Duration.ofSeconds(10), Duration.ofSeconds(60),
      Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(1), Duration.ofSeconds(30));

  public Deadlines {
    if (Stream.of(headers, body, write, queue, heartbeat).anyMatch(d -> d.isNegative() || d.isZero())
        || drain.isNegative()) {
      throw new InvalidPlanException("server: every deadline must be over 0, only drain may be 0.");
    }
  }

  /** Sets the time for the head of a request. Default: 10 seconds. */
  public Deadlines headers(Duration value) {
    return new Deadlines(value, body, write, queue, heartbeat, drain);
  }

  /** Sets the time for a body. Default: 60 seconds. */
  public Deadlines body(Duration value) {
    return new Deadlines(headers, value, write, queue, heartbeat, drain);
  }

  /** Sets the time for one write. Default: 30 seconds. */
  public Deadlines write(Duration value) {
    return new Deadlines(headers, body, value, queue, heartbeat, drain);
  }

  /** Sets the time in the queue. Default: 60 seconds. */
  public Deadlines queue(Duration value) {
    return new Deadlines(headers, body, write, value, heartbeat, drain);
  }

  /** Sets the silence after which a client is tried. Default: 1 second. */
  public Deadlines heartbeat(Duration value) {
    return new Deadlines(headers, body, write, queue, value, drain);
  }

  /** Sets the time that running requests have at the end. Default: 30 seconds. Legal: 0 or more. */
  public Deadlines drain(Duration value) {
    return new Deadlines(headers, body, write, queue, heartbeat, value);
  }
}
