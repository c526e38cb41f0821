package io.swiftjvm.infer.external;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.SamplingParams;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a server is spoken to.
 *
 * @param key of the API; null = none
 * @param model that answers where a request names none; null = the first that the server has
 * @param system text for conversations that have none; null = none
 * @param sampling for requests that have none
 * @param connectTimeout for the connection
 * @param idleTimeout for the first byte of an answer, and between any two events
 */
public record EngineAccess(
    @Nullable String key, @Nullable String model, @Nullable String system, SamplingParams sampling,
    Duration connectTimeout, Duration idleTimeout) {
  /** No key, the first model, its own sampling; 10 seconds to connect, 10 minutes between events. */
  public static final EngineAccess DEFAULT = new EngineAccess(
      null, null, null, SamplingParams.DEFAULT, Duration.ofSeconds(10), Duration.ofMinutes(10));

  public EngineAccess {
    if (connectTimeout.isNegative() || connectTimeout.isZero() || idleTimeout.isNegative() || idleTimeout.isZero()) {
      throw new InvalidPlanException("engine: timeouts are " + connectTimeout + " and " + idleTimeout
          + "; both must be over 0.");
    }
    if (key != null && !key.matches("[\\x21-\\x7e]+")) {
      throw new InvalidPlanException("The API key is empty or has spaces or characters that a header cannot carry.");
    }
  }

  /** Sets the key. Default: none. */
  public EngineAccess key(@Nullable String value) {
    return new EngineAccess(value, model, system, sampling, connectTimeout, idleTimeout);
  }

  /** Sets who answers where a request names nobody. Default: the server's first model. */
  public EngineAccess model(@Nullable String value) {
    return new EngineAccess(key, value, system, sampling, connectTimeout, idleTimeout);
  }

  /** Sets the system text. Default: none. */
  public EngineAccess system(@Nullable String value) {
    return new EngineAccess(key, model, value, sampling, connectTimeout, idleTimeout);
  }

  /** Sets the sampling of requests that have none. Default: the server's. */
  public EngineAccess sampling(SamplingParams value) {
    return new EngineAccess(key, model, system, value, connectTimeout, idleTimeout);
  }

  /** Sets the waits. Default: 10 seconds and 10 minutes. Legal: over 0. */
  public EngineAccess timeouts(Duration connect, Duration idle) {
    return new EngineAccess(key, model, system, sampling, connect, idle);
  }

  @Override
  public String toString() {
    return "EngineAccess[key=" + (key == null ? "none" : "***") + ", model=" + model + ", system=" + system
        + ", sampling=" + sampling + ", connectTimeout=" + connectTimeout + ", idleTimeout=" + idleTimeout + "]";
  }
}
