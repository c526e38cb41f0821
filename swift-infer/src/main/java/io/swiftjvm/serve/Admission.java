package io.swiftjvm.serve;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/** What each key may still ask for. */
final class Admission {
  /** A client may ask again before the thread that answered it has left. */
  private static final long GRACE_MILLIS = 100;

  private final RateLimits limits;
  private final List<Client> clients;

  Admission(RateLimits limits, int keys, LongSupplier nanos) {
    this.limits = limits;
    this.clients = IntStream.range(0, Math.max(1, keys)).mapToObj(key -> new Client(
        new TokenBucket(limits.requestsPerMinute(), nanos), new TokenBucket(limits.tokensPerMinute(), nanos),
        new Semaphore(limits.concurrent()))).toList();
  }

  private record Client(TokenBucket requests, TokenBucket tokens, Semaphore places) {}

  /** Lets a request in, or throws 429. The pass must be closed. */
  Pass enter(int key) throws InterruptedException {
    Client client = clients.get(key);
    if (limits.concurrent() > 0 && !client.places.tryAcquire(GRACE_MILLIS, TimeUnit.MILLISECONDS)) {
      throw ApiException.tooMany("This key has " + limits.concurrent() + " requests running; more are not allowed.", 1);
    }
    boolean entered = false;
    try {
      if (limits.requestsPerMinute() > 0) {
        synchronized (client) {
          check(client.requests, 1, "requests");
          client.requests.spend(1);
        }
      }
      entered = true;
      return new Pass(client);
    } finally {
      if (!entered && limits.concurrent() > 0) {
        client.places.release();
      }
    }
  }

  private static void check(TokenBucket bucket, double amount, String what) {
    long seconds = bucket.secondsUntil(amount);
    if (seconds > 0) {
      throw ApiException.tooMany("This key may use " + bucket.perMinute() + " " + what + " in a minute. Try again in "
          + seconds + " s.", seconds);
    }
  }

  /** One request that was let in. */
  final class Pass implements AutoCloseable {
    private final Client client;

    private Pass(Client client) {
      this.client = client;
    }

    /** Takes the tokens of the prompts, or throws 429. */
    void prompt(int tokens) {
      if (limits.tokensPerMinute() > 0) {
        synchronized (client) {
          check(client.tokens, tokens, "tokens");
          client.tokens.spend(tokens);
        }
      }
    }

    /** Takes tokens that were made; what is not there yet delays the next request. */
    void made(int tokens) {
      if (limits.tokensPerMinute() > 0) {
        client.tokens.spend(tokens);
      }
    }

    /** {@code x-ratelimit-*} for the response. */
    Map<String, String> headers() {
      Map<String, String> headers = new TreeMap<>();
      put(headers, "requests", client.requests);
      put(headers, "tokens", client.tokens);
      return headers;
    }

    private void put(Map<String, String> headers, String what, TokenBucket bucket) {
      if (bucket.perMinute() > 0) {
        headers.put("x-ratelimit-limit-" + what, String.valueOf(bucket.perMinute()));
        headers.put("x-ratelimit-remaining-" + what, String.valueOf((long) Math.max(0, bucket.level())));
        headers.put("x-ratelimit-reset-" + what, bucket.secondsUntil(bucket.perMinute()) + "s");
      }
    }

    @Override
    public void close() {
      if (limits.concurrent() > 0) {
        client.places.release();
      }
    }
  }
}
