package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.BatchSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Micro-batches of a stream. Steps are made in order; a step that lies ahead is reached by making those before it, one
 * that lies behind by beginning again, so that a resumed run goes on with the same rows. A step never spans two passes.
 */
final class StreamBatches implements BatchSource, AutoCloseable {
  private final IntFunction<UnitStream> passes;
  private final BatchSpec spec;
  private final @Nullable Integer maxTokens;
  private final int steps;
  private final String fingerprint;
  private int at;
  private int pass;
  private @Nullable UnitStream open;
  private @Nullable Batch ahead;

  /** {@code passes} opens the pass of a number, from 0. */
  StreamBatches(IntFunction<UnitStream> passes, BatchSpec spec, @Nullable Integer maxTokens, int steps, String fingerprint) {
    this.passes = passes;
    this.spec = spec;
    this.maxTokens = maxTokens;
    this.steps = steps;
    this.fingerprint = fingerprint;
  }

  @Override
  public int steps() {
    return steps;
  }

  @Override
  public List<Batch> step(int step) {
    if (step < at) {
      close();
      at = 0;
      pass = 0;
    }
    List<Batch> out = List.of();
    while (at <= step) {
      out = next();
      at++;
    }
    return out;
  }

  /** Passes that were finished: a stream does not know how long a pass is. */
  @Override
  public double epoch(int step) {
    return pass;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  private List<Batch> next() {
    UnitStream stream = open;
    if (stream == null) {
      stream = passes.apply(pass);
      open = stream;
      ahead = stream.next();
      if (ahead == null) {
        close();
        throw new DatasetException("the stream has no row that can be used. Look at the dropped rows, or at the path.");
      }
    }
    List<Batch> out = new ArrayList<>();
    while (out.size() < spec.microBatches() && ahead != null) {
      out.add(micro(stream));
    }
    if (ahead == null) {
      close();
      pass++;
    }
    return out;
  }

  private Batch micro(UnitStream stream) {
    List<Batch> rows = new ArrayList<>();
    long tokens = 0;
    Batch unit = ahead;
    while (unit != null && fits(rows.size(), tokens + unit.ids().length)) {
      rows.add(unit);
      tokens += unit.ids().length;
      unit = stream.next();
    }
    ahead = unit;
    return RowBatches.join(rows);
  }

  private boolean fits(int rows, long tokens) {
    return maxTokens == null ? rows < spec.perDevice() : tokens <= maxTokens;
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
    ahead = null;
  }
}
