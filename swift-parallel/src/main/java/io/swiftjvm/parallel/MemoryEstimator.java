package io.swiftjvm.parallel;

import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.LayerConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.parallel.MemoryRequest.Work;
import io.swiftjvm.parallel.ModelSizes.Shape;
import io.swiftjvm.tuner.LoraSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Foretells the memory of a plan from sizes alone. The formulas count the float32 tensors that the CPU backend's tape
 * and scopes hold, as the code of {@code DecoderBlock} makes them: c = hidden, q, k = widths of queries and keys, m =
 * width of the feed-forward part, n = tokens of a pass.
 *
 * {@snippet :
 * var sizes = ModelSizes.of(Path.of("Qwen3-0.6B"));
 * long bytes = MemoryEstimator.estimate(sizes, MemoryRequest.trainLora(LoraSpec.DEFAULT, 512)).total();
 * }
 */
public final class MemoryEstimator {
  private static final long FLOAT = 4;
  /** As in {@code FusedLoss}. */
  private static final long CHUNK_ELEMENTS = 16L << 20;
  /** As in {@code KvCache}. */
  private static final long CACHE_CHUNK = 64;
  /** Blocks the pool keeps in any case (64 MiB), and heap and code of a JVM at work (128 MiB). */
  private static final long BASE_SLACK = 192L << 20;

  private MemoryEstimator() {}

  /** The estimate for one model and one request. */
  public static MemoryEstimate estimate(ModelSizes sizes, MemoryRequest request) {
    DecoderConfig config = sizes.config();
    long mapped = sizes.storedBytes();
    long copies = request.work() == Work.FULL ? sizes.parameters() * FLOAT
        : request.dtype() == null ? 0 : sizes.parameters() * request.dtype().bytes();
    long adapterValues = adapterValues(sizes, request.lora());
    long learnt = switch (request.work()) {
      case GENERATE -> 0;
      case LORA -> adapterValues;
      case FULL -> sizes.parameters();
    };
    long activations = request.work() == Work.GENERATE ? answering(config, request.tokens())
        : training(sizes, request);
    long kept = state(sizes, request);
    long pool = copies + adapterValues * FLOAT + learnt * FLOAT + kept + activations + logits(config, request)
        + cache(config, request);
    return new MemoryEstimate(mapped + copies, adapterValues * FLOAT, learnt * FLOAT, kept, activations,
        logits(config, request), cache(config, request), pool / 8 + BASE_SLACK, mapped);
  }

  /** Bytes of optimizer state. */
  private static long state(ModelSizes sizes, MemoryRequest request) {
    LoraSpec lora = request.lora();
    Map<String, Shape> projections = sizes.projections();
    if (request.work() == Work.LORA && lora != null) {
      return lora.select(List.copyOf(projections.keySet())).stream().mapToLong(path -> {
        Shape shape = projections.getOrDefault(path, new Shape(0, 0));
        int rank = lora.rankOf(path);
        return request.optim().stateBytes(path + ".lora_A.weight", rank, shape.in())
            + request.optim().stateBytes(path + ".lora_B.weight", shape.out(), rank);
      }).sum();
    }
    if (request.work() != Work.FULL) {
      return 0;
    }
    long sum = 0;
    long rest = sizes.parameters();
    for (Map.Entry<String, Shape> entry : projections.entrySet()) {
      Shape shape = entry.getValue();
      sum += request.optim().stateBytes(entry.getKey() + ".weight", shape.out(), shape.in());
      rest -= shape.out() * shape.in();
    }
    // Nearly all of the rest is tables of tokens.
    return sum + request.optim().stateBytes("embed_tokens.weight", Math.max(0, rest) / sizes.config().hiddenSize(),
        sizes.config().hiddenSize());
  }

  /** Values in A and B of all projections. */
  static long adapterValues(ModelSizes sizes, @Nullable LoraSpec lora) {
    if (lora == null) {
      return 0;
    }
    Map<String, Shape> projections = sizes.projections();
    return lora.select(List.copyOf(projections.keySet())).stream()
        .mapToLong(path -> {
          Shape shape = projections.getOrDefault(path, new Shape(0, 0));
          return lora.rankOf(path) * (shape.in() + shape.out());
        }).sum();
  }

  /** Floats a token that adapters keep in all layers: the rank, and the input again where it has dropout. */
  private static long adapterFloats(ModelSizes sizes, MemoryRequest request) {
    LoraSpec lora = request.lora();
    if (lora == null || request.work() != Work.LORA) {
      return 0;
    }
    Map<String, Shape> projections = sizes.projections();
    return lora.select(List.copyOf(projections.keySet())).stream()
        .mapToLong(path -> lora.rankOf(path)
            + (lora.dropout() > 0 ? projections.getOrDefault(path, new Shape(0, 0)).in() : 0))
        .sum();
  }

  /**
   * What a training pass holds when its loss is made, and what its backward pass needs in the last layer beyond the
   * memory of the logits, which are gone by then.
   */
  private static long training(ModelSizes sizes, MemoryRequest request) {
    DecoderConfig config = sizes.config();
    long c = config.hiddenSize();
    long layers = config.layerCount();
    long all = adapterFloats(sizes, request)
        + config.layers().stream().mapToLong(layer -> layerFloats(config, layer)).sum();
    long widest = config.layers().stream().mapToLong(layer -> layer.feedForward().activeWidth()).max().orElse(0);
    // Embedded tokens, output of the last norm and its factors, angles of the rotation.
    long kept = (request.recompute() ? layers * c : all) + 2 * c + 1 + angles(config);
    // Gradients of the product of gate and up, of both, and of the sum before them; a layer if it was not kept.
    long backward = 3L * widest + c + (request.recompute() ? all / layers : 0);
    long work = request.tokens() * backward * FLOAT - logits(config, request);
    return request.tokens() * kept * FLOAT + Math.max(0, work);
  }

  /**
   * Floats a token that one layer keeps: outputs of two norms, of o and down and of both sums (6 c); queries, their
   * normed copy and the attention's output; keys and values; gate, up and their product (3 m); factors of norms and
   * softmax.
   */
  private static long layerFloats(DecoderConfig config, LayerConfig layer) {
    MixerConfig mixer = layer.mixer();
    long q = mixer.queryWidth();
    long k = mixer.keyWidth();
    boolean normed = normed(mixer);
    long kvHeads = mixer instanceof AttentionConfig attention ? attention.kvHeads() : mixer.heads();
    long small = 2L + mixer.heads() + (normed ? mixer.heads() + kvHeads : 0);
    return 6L * config.hiddenSize() + (normed ? 2 : 1) * q + mixer.valueWidth() + (normed ? 2 : 1) * k
        + outputWidth(mixer) + 3L * layer.feedForward().activeWidth() + small;
  }

  private static boolean normed(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention && attention.qkNorm() != AttentionConfig.QkNorm.NONE;
  }

  /** Columns of what attention gives: one value for each query head. */
  private static long outputWidth(MixerConfig mixer) {
    return mixer instanceof AttentionConfig attention ? attention.queryWidth() : mixer.valueWidth();
  }

  private static long angles(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.mixer().rope()).distinct()
        .mapToLong(rope -> rope == null ? 0 : rope.rotary()).sum();
  }

  /** Without a backward pass only one half of a layer is there at a time. */
  private static long answering(DecoderConfig config, long tokens) {
    long half = config.layers().stream().mapToLong(layer -> {
      MixerConfig mixer = layer.mixer();
      int copies = normed(mixer) ? 2 : 1;
      long attention = copies * (long) mixer.queryWidth() + copies * (long) mixer.keyWidth() + mixer.valueWidth()
          + outputWidth(mixer);
      return 2L * config.hiddenSize() + Math.max(attention, 3L * layer.feedForward().activeWidth());
    }).max().orElse(0);
    return tokens * (2L * config.hiddenSize() + angles(config) + half) * FLOAT;
  }

  /** Labelled rows with their gradients and a chunk of logits; for answers the logits of each sequence. */
  private static long logits(DecoderConfig config, MemoryRequest request) {
    long v = config.vocabSize();
    long c = config.hiddenSize();
    if (request.work() == Work.GENERATE) {
      return request.sequences() * (v + c) * FLOAT;
    }
    long rows = request.labelled();
    long chunk = Math.max(1, Math.min(rows, CHUNK_ELEMENTS / v));
    long selected = rows < request.tokens() ? 2 * rows * c : rows * c;
    // The output projection's gradient of a later micro-batch stands beside the sum so far.
    long again = request.work() == Work.FULL && request.microBatches() > 1 ? v * c : 0;
    return (selected + chunk * (v + c) + again) * FLOAT;
  }

  private static long cache(DecoderConfig config, MemoryRequest request) {
    long rows = request.sequences() * (Math.ceilDiv((long) request.positions(), CACHE_CHUNK) * CACHE_CHUNK);
    return config.layers().stream().mapToLong(layer -> switch (layer.mixer()) {
      case DeltaNetConfig delta -> request.sequences() * delta.stateFloats();
      case MixerConfig mixer -> rows * (mixer.keyWidth() + mixer.valueWidth());
    }).sum() * FLOAT;
  }
}
