package io.swiftjvm.serve;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.DoubleStream;

/** How often a value was at most so much; in the text form of Prometheus. */
final class Histogram {
  /** Is told each value that comes, and how many times it came. */
  @FunctionalInterface
  interface Listener {
    void add(double value, long times);
  }

  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final double[] bounds;
  private final long[] counts;
  private double sum;

  Histogram(double... bounds) {
    this.bounds = bounds.clone();
    this.counts = new long[bounds.length + 1];
  }

  /** 1, 2, 5, 10, 20, 50, ... up to {@code most}. */
  static Histogram decades(int most) {
    return new Histogram(DoubleStream.iterate(1, x -> x <= most, x -> x * 10)
        .flatMap(x -> DoubleStream.of(x, 2 * x, 5 * x)).filter(x -> x <= most).toArray());
  }

  double[] bounds() {
    return bounds.clone();
  }

  /** Those who are told what comes. */
  List<Listener> listeners() {
    return listeners;
  }

  void add(double value, long times) {
    count(value, times);
    listeners.forEach(listener -> listener.add(value, times));
  }

  private synchronized void count(double value, long times) {
    int at = 0;
    while (at < bounds.length && value > bounds[at]) {
      at++;
    }
    counts[at] += times;
    sum += value * times;
  }

  synchronized void write(StringBuilder out, String name, String label) {
    long below = 0;
    for (int i = 0; i < counts.length; i++) {
      below += counts[i];
      String bound = i < bounds.length ? String.valueOf(bounds[i]) : "+Inf";
      out.append(name).append("_bucket{").append(label).append(",le=\"").append(bound).append("\"} ").append(below)
          .append('\n');
    }
    out.append(name).append("_sum{").append(label).append("} ").append(sum).append('\n');
    out.append(name).append("_count{").append(label).append("} ").append(Arrays.stream(counts).sum()).append('\n');
  }
}
