package io.swiftjvm.parallel;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.parallel.MemoryRequest.Work;
import io.swiftjvm.tuner.Tuning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fullest moment of a training step, found by walking through it with sizes alone: activations come layer by layer,
 * the loss adds logits and the gradient of the output projection, then activations go layer by layer while gradients
 * come. Every tensor counts as the block that the pool gives for it.
 *
 * <p>c = hidden, q, k = widths of queries and keys, m = width of the feed-forward part, n = tokens of a pass.
 */
final class TrainingPeak {
  private static final Pattern LAYER = Pattern.compile("\\.(\\d+)\\.");

  /**
   * What stands at that moment.
   *
   * @param gradients of what learns
   * @param activations what a pass keeps and the work on it
   * @param logits a chunk of logits, and what belongs to the labelled rows
   */
  record Moment(long gradients, long activations, long logits) {
    long total() {
      return gradients + activations + logits;
    }
  }

  private final ModelSizes sizes;
  private final MemoryRequest request;
  private final @Nullable Tuning tuning;
  private final DecoderConfig config;
  private final long n;
  private final long c;
  /** Bytes of the gradients of each layer, the last entry is what is in no layer but the output projection. */
  private final long[] learnt;
  private final long head;
  /** Columns out and in of the projections of each layer that keep what they read. */
  private final Map<Integer, List<long[]>> reading = new HashMap<>();
  /** Bytes of each layer that adapters keep, and those of copies that can be made again. */
  private final long[] added;
  private final long[] copied;
  private Moment peak = new Moment(0, 0, 0);

  private TrainingPeak(ModelSizes sizes, MemoryRequest request) {
    this.sizes = sizes;
    this.request = request;
    tuning = request.tuning();
    config = sizes.config();
    n = request.tokens();
    c = config.hiddenSize();
    learnt = new long[config.layerCount() + 1];
    head = request.work() == Work.FULL && trainsHead() ? block(config.head().outputs(), c) : 0;
    added = new long[config.layerCount()];
    copied = new long[config.layerCount()];
    if (tuning != null) {
      learnt(tuning);
      adapters(tuning);
    }
  }

  static Moment of(ModelSizes sizes, MemoryRequest request) {
    TrainingPeak walk = new TrainingPeak(sizes, request);
    walk.pass(false);
    if (request.microBatches() > 1) {
      walk.pass(true);
    }
    walk.see(walk.allGradients(), 0, 0);
    return walk.peak;
  }

  private void learnt(Tuning tuning) {
    String headName = (config.tied() ? sizes.names().embedding() : sizes.names().head()) + ".weight";
    boolean full = request.work() == Work.FULL;
    tuning.learning(sizes.model()).forEach((name, shape) -> {
      if (!full || !name.equals(headName)) {
        learnt[layer(name)] += block(shape);
      }
    });
  }

  private boolean trainsHead() {
    String name = (config.tied() ? sizes.names().embedding() : sizes.names().head()) + ".weight";
    return tuning != null && tuning.trained(sizes.model()).containsKey(name);
  }

  private int layer(String name) {
    Matcher number = LAYER.matcher(name);
    return number.find() ? Math.min(Integer.parseInt(number.group(1)), config.layerCount()) : config.layerCount();
  }

  private long allGradients() {
    long sum = head;
    for (long bytes : learnt) {
      sum += bytes;
    }
    return sum;
  }

  private void see(long gradients, long activations, long logits) {
    if (gradients + activations + logits > peak.total()) {
      peak = new Moment(gradients, activations, logits);
    }
  }

  /** One micro-batch; {@code later} if gradients of an earlier one stand all the time. */
  private void pass(boolean later) {
    List<LayerConfig> layers = config.layers();
    long held = later ? allGradients() : 0;
    // Embedded tokens, output of the last norm and its factors, angles of the rotation, ids and labels.
    long kept = 2 * block(n, c) + block(n) + angles() + 3 * block(n);
    for (int i = 0; i < layers.size(); i++) {
      kept += kept(i);
    }
    long rows = request.labelled();
    long v = config.head().outputs();
    long chunk = FusedLoss.chunkRows(rows, v);
    // These belong to the pass's own scope, which is closed when the pass is over; so does the head's new gradient.
    long ofRows = (rows < n ? block(rows, c) : 0) + block(rows, c) + (later ? head : 0);
    see(held + (later ? 0 : head), kept, ofRows + block(chunk, v) + block(chunk, c));
    long gradients = later ? held : head;
    // The gradient of the labelled rows becomes that of all rows, and passes the last norm.
    long stream = block(n, c);
    see(gradients, kept + 2 * stream, ofRows);
    for (int i = layers.size() - 1; i >= 0; i--) {
      // The gradient of what a layer gives stands while the layer is made again.
      long made = made(i);
      gradients += later ? 0 : learnt[i];
      long m = layers.get(i).feedForward().activeWidth();
      see(gradients, kept + made + stream + 3 * block(n, m) - 2 * block(n, c), ofRows);
      long half = 3 * block(n, m) + 2 * block(n, c);
      MixerConfig mixer = layers.get(i).mixer();
      see(gradients, kept + made - half + 2 * stream + 2 * block(n, mixer.queryWidth()) + block(n, mixer.keyWidth())
          + block(n, mixer.valueWidth()), ofRows);
      kept -= kept(i);
    }
  }

  private long kept(int index) {
    return switch (request.recompute()) {
      case NONE -> layer(index).all();
      case SELECTIVE -> layer(index).results();
      case FULL -> block(n, c);
    };
  }

  /** What the backward pass of a layer makes again first, with the result that stands meanwhile. */
  private long made(int index) {
    return switch (request.recompute()) {
      case NONE -> 0;
      case SELECTIVE -> layer(index).remade();
      case FULL -> layer(index).all() + block(n, c);
    };
  }

  private LayerActivations layer(int index) {
    LayerConfig layer = config.layer(index);
    long m = layer.feedForward().activeWidth();
    boolean mixer = false;
    boolean in = false;
    boolean out = false;
    for (long[] shape : reading.getOrDefault(index, List.of())) {
      boolean experts = !(layer.feedForward() instanceof MlpConfig);
      boolean first = readsMixerInput(layer, shape);
      mixer |= first;
      in |= (shape[1] == c && !first) || experts;
      out |= shape[1] == m || experts;
    }
    LayerActivations plain = LayerActivations.of(layer, c, n, mixer, in, out);
    return new LayerActivations(plain.results() + added[index], plain.remade() + copied[index]);
  }

  private boolean readsMixerInput(LayerConfig layer, long[] shape) {
    long m = layer.feedForward().activeWidth();
    return shape[1] == c && shape[0] != m && shape[0] != 2 * m;
  }

  /** What adapters keep beyond the model: products with A, and inputs again where they have dropout. */
  private void adapters(Tuning tuning) {
    Map<String, long[]> projections = sizes.model().projections();
    Set<String> copies = new HashSet<>();
    if (request.work() == Work.ADAPTER) {
      Arrays.fill(added, block(tuning.matrices(sizes.model()) / config.layerCount()));
      tuning.widths(sizes.model()).forEach((path, widths) -> {
        int index = layer(path);
        long[] shape = projections.getOrDefault(path, new long[2]);
        for (int i = 0; i < widths.length && index < config.layerCount(); i++) {
          boolean copy = i > 0 && widths[i] == shape[1];
          if (copy) {
            copies.add(path);
          }
          // Tokens have no gradient, so that what is made of them alone is not on the tape and stays.
          (copy && !(index == 0 && readsMixerInput(config.layer(0), shape)) ? copied : added)[index] += block(n, widths[i]);
        }
      });
    }
    for (String name : tuning.learning(sizes.model()).keySet()) {
      String path = name;
      while (!projections.containsKey(path) && path.contains(".")) {
        path = path.substring(0, path.lastIndexOf('.'));
      }
      long[] shape = projections.get(path);
      if (shape != null && !copies.contains(path)) {
        reading.computeIfAbsent(layer(path), index -> new ArrayList<>()).add(shape);
      }
    }
  }

  private long angles() {
    return config.layers().stream().map(layer -> layer.mixer().rope()).distinct()
        .mapToLong(rope -> rope == null ? 0 : 2 * block(n, rope.rotary() / 2)).sum();
  }

  /** The block that float32 values of this shape take. */
  static long block(long... shape) {
    long values = 1;
    for (long size : shape) {
      values *= size;
    }
    return blockOf(values * Float.BYTES);
  }

  /** The block of the pool for so many bytes. */
  static long blockOf(long bytes) {
    return bytes == 0 ? 0 : CpuBackend.blockBytes(bytes);
  }
}
