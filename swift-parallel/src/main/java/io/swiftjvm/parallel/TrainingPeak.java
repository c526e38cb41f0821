package io.swiftjvm.parallel;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.parallel.MemoryRequest.Work;
import io.swiftjvm.tuner.Tuning;
import java.util.List;
import java.util.Map;
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
  /** As in {@code FusedLoss}. */
  private static final long CHUNK_ELEMENTS = 16L << 20;

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
    learnt();
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

  private void learnt() {
    if (tuning == null) {
      return;
    }
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
      kept += request.recompute() ? block(n, c) : layerBytes(i);
    }
    long rows = request.labelled();
    long v = config.head().outputs();
    long chunk = Math.max(1, Math.min(rows, CHUNK_ELEMENTS / v));
    // These belong to the pass's own scope, which is closed when the pass is over; so does the head's new gradient.
    long ofRows = (rows < n ? block(rows, c) : 0) + block(rows, c) + (later ? head : 0);
    see(held + (later ? 0 : head), kept, ofRows + block(chunk, v) + block(chunk, c));
    long gradients = later ? held : head;
    // The gradient of the labelled rows becomes that of all rows, and passes the last norm.
    long stream = block(n, c);
    see(gradients, kept + 2 * stream, ofRows);
    for (int i = layers.size() - 1; i >= 0; i--) {
      // The gradient of what a layer gives stands while the layer is made again.
      long made = request.recompute() ? layerBytes(i) + stream : 0;
      gradients += later ? 0 : learnt[i];
      long m = layers.get(i).feedForward().activeWidth();
      see(gradients, kept + made + stream + 3 * block(n, m) - 2 * block(n, c), ofRows);
      long half = 3 * block(n, m) + 3 * block(n, c);
      MixerConfig mixer = layers.get(i).mixer();
      see(gradients, kept + made - half + 2 * stream + 2 * block(n, mixer.queryWidth()) + block(n, mixer.keyWidth())
          + block(n, mixer.valueWidth()), ofRows);
      kept -= request.recompute() ? block(n, c) : layerBytes(i);
    }
  }

  /**
   * What one layer keeps: outputs of norms, of o and down and of both sums; queries, their normed copy and the
   * attention's output; keys and values; gate, up and their product; factors of norms and softmax; and for adapters the
   * product with A, and the input again where it has dropout.
   */
  private long layerBytes(int index) {
    LayerConfig layer = config.layer(index);
    MixerConfig mixer = layer.mixer();
    boolean normed = normed(mixer);
    long kvHeads = mixer instanceof AttentionConfig attention ? attention.kvHeads() : mixer.heads();
    int norms = switch (layer.norms()) {
      case BEFORE, AFTER -> 2;
      case AROUND -> 4;
      case PARALLEL -> 1;
    };
    int scaled = layer.residualScale() == 1 ? 0 : 2;
    boolean plain = layer.feedForward() instanceof MlpConfig mlp
        && (mlp.form() == MlpConfig.Form.PLAIN || mlp.form() == MlpConfig.Form.PLAIN_TRANSPOSED);
    return (norms + 4 + scaled) * block(n, c) + (normed ? 2 : 1) * block(n, mixer.queryWidth())
        + block(n, mixer.valueWidth()) + (normed ? 2 : 1) * block(n, mixer.keyWidth()) + block(n, outputWidth(mixer))
        + (plain ? 2 : 3) * block(n, layer.feedForward().activeWidth()) + norms * block(n) + block(mixer.heads(), n)
        + (normed ? block(n, mixer.heads()) + block(n, kvHeads) : 0) + adapters(index);
  }

  private long adapters(int index) {
    if (tuning == null || request.work() != Work.ADAPTER) {
      return 0;
    }
    long sum = block(tuning.matrices(sizes.model()) / config.layerCount());
    for (Map.Entry<String, long[]> entry : tuning.widths(sizes.model()).entrySet()) {
      if (layer(entry.getKey()) == index) {
        for (long width : entry.getValue()) {
          sum += block(n, width);
        }
      }
    }
    return sum;
  }

  static boolean normed(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention && attention.qkNorm() != AttentionConfig.QkNorm.NONE;
  }

  /** Columns of what attention gives: one value for each query head. */
  static long outputWidth(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention ? attention.queryWidth() : mixer.valueWidth();
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
