package io.swiftjvm.serve;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** So much in a minute, saved up to one minute's worth. What is spent may exceed what is there: the rest is a debt. */
final class TokenBucket {
  private static final double MINUTE = TimeUnit.MINUTES.toNanos(1);

  private final int perMinute;
  private final LongSupplier nanos;
  private double level;
  private long seen;

  TokenBucket(int perMinute, LongSupplier nanos) {
    this.perMinute = perMinute;
    this.nanos = nanos;
    this.level = perMinute;
    this.seen = nanos.getAsLong();
  }

  int perMinute() {
    return perMinute;
  }

  synchronized double level() {
    long now = nanos.getAsLong();
    level = Math.min(perMinute, level + (now - seen) / MINUTE * perMinute);
    seen = now;
    return level;
  }

  /** Seconds until {@code amount} is there, 0 if it is; more than a full bucket counts as a full one. */
  synchronized long secondsUntil(double amount) {
    double lacking = Math.min(amount, perMinute) - level();
    return lacking <= 1e-9 ? 0 : (long) Math.ceil(lacking / perMinute * 60);
  }

  synchronized void spend(double amount) {
    level = level() - amount;
  }
}
