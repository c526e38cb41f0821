package io.swiftjvm.text.jinja;

import java.time.Duration;

/**
 * What a template may use. A template comes with a model, so it is untrusted code: whatever exceeds a limit ends in a
 * {@link io.swiftjvm.error.TemplateException}.
 *
 * @param templateChars longest source in chars; default 256 Ki
 * @param steps evaluation steps; default 1,000,000
 * @param outputChars longest output, and longest string on the way, in chars; default 4 Mi
 * @param depth nesting of the source, of the data and of macro calls; default 64
 * @param time wall-clock time of one rendering; default 2 s
 */
public record Limits(int templateChars, long steps, int outputChars, int depth, Duration time) {
  public Limits {
    if (templateChars < 1 || steps < 1 || outputChars < 1 || depth < 1 || time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("template limits must be positive, found " + templateChars + " chars, "
          + steps + " steps, " + outputChars + " output chars, depth " + depth + ", time " + time);
    }
  }

  /** The limits of the library. */
  public static Limits defaults() {
    return new Limits(256 << 10, 1_000_000, 4 << 20, 64, Duration.ofSeconds(2));
  }

  /** The same limits with another number of steps. */
  public Limits withSteps(long value) {
    return new Limits(templateChars, value, outputChars, depth, time);
  }

  /** The same limits with another output size. */
  public Limits withOutputChars(int value) {
    return new Limits(templateChars, steps, value, depth, time);
  }

  /** The same limits with another time. */
  public Limits withTime(Duration value) {
    return new Limits(templateChars, steps, outputChars, depth, value);
  }
}
