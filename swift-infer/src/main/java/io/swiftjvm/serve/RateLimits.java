package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;

/**
 * How much may be asked for; more is answered with 429 and {@code Retry-After}. Where there are no keys all clients
 * count as one.
 *
 * @param requestsPerMinute requests of a key, 0 = no limit
 * @param tokensPerMinute tokens of prompts and answers of a key, 0 = no limit
 * @param concurrent requests of a key at once, 0 = no limit
 * @param queue requests that wait while all places are taken, 0 = four times the engine's sequences
 * @param inFlight requests of all clients at once, also those that do not generate
 */
public record RateLimits(int requestsPerMinute, int tokensPerMinute, int concurrent, int queue, int inFlight) {
  /** No limit for a key, a queue of four times the sequences, 4096 requests at once. */
  public static final RateLimits DEFAULT = new RateLimits(0, 0, 0, 0, 4096);

  public RateLimits {
    if (requestsPerMinute < 0 || tokensPerMinute < 0 || concurrent < 0 || queue < 0 || inFlight < 1) {
      throw new InvalidPlanException("server: a rate limit is negative, or inFlight " + inFlight + " below 1.");
    }
  }

  /** Sets the requests of a key in a minute. Default: 0, no limit. */
  public RateLimits requestsPerMinute(int value) {
    return new RateLimits(value, tokensPerMinute, concurrent, queue, inFlight);
  }

  /** Sets the tokens of a key in a minute. Default: 0, no limit. */
  public RateLimits tokensPerMinute(int value) {
    return new RateLimits(requestsPerMinute, value, concurrent, queue, inFlight);
  }

  /** Sets the requests of a key at once. Default: 0, no limit. */
  public RateLimits concurrent(int value) {
    return new RateLimits(requestsPerMinute, tokensPerMinute, value, queue, inFlight);
  }

  /** Sets the requests that may wait. Default: 0, four times the engine's sequences. */
  public RateLimits queue(int value) {
    return new RateLimits(requestsPerMinute, tokensPerMinute, concurrent, value, inFlight);
  }

  /** Sets the requests of all clients at once. Default: 4096. Legal: 1 or more. */
  public RateLimits inFlight(int value) {
    return new RateLimits(requestsPerMinute, tokensPerMinute, concurrent, queue, value);
  }
}
