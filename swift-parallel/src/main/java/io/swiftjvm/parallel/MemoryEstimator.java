package io.swiftjvm.parallel;

import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.parallel.MemoryRequest.Work;
import io.swiftjvm.parallel.ModelSizes.Shape;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tuner.Tuning;
import java.util.Map;

/**
 * Foretells the memory of a plan from sizes alone: what stands at the fullest moment of a training step, see
 * {@link TrainingPeak}, or of an answer. It counts the float32 tensors that the CPU backend's tape and scopes hold, as
 * the code of {@code DecoderBlock} makes them.
 *
 * {@snippet :
 * var sizes = ModelSizes.of(Path.of("Qwen3-0.6B"));
 * long bytes = MemoryEstimator.estimate(sizes, MemoryRequest.train(LoraSpec.DEFAULT, 512)).total();
 * }
 */
public final class MemoryEstimator {
  private static final long FLOAT = 4;
  /** As in {@code KvCache}. */
  private static final long CACHE_CHUNK = 64;
  /** Heap and code of a JVM at work, and the blocks that the pool keeps in any case, as far as they are touched. */
  private static final long BASE_SLACK = 192L << 20;

  private MemoryEstimator() {}

  /** The estimate for one model and one request. */
  public static MemoryEstimate estimate(ModelSizes sizes, MemoryRequest request) {
    Map<String, long[]> trained = trained(sizes, request);
    Tally adapters = request.work() == Work.FULL ? new Tally() : adapters(trained);
    Tally copies = copies(sizes, request, trained);
    Tally state = state(sizes, request);
    TrainingPeak.Moment peak = request.work() == Work.GENERATE
        ? new TrainingPeak.Moment(0, answering(sizes.config(), request.tokens()), logits(sizes.config(), request))
        : TrainingPeak.of(sizes, request);
    long cache = cache(sizes.config(), request);
    long rounding = copies.rounding() + adapters.rounding() + state.rounding();
    long pool = copies.blocks + adapters.blocks + state.blocks + peak.total() + cache;
    long mapped = sizes.storedBytes();
    return new MemoryEstimate(mapped + copies.bytes, adapters.bytes, peak.gradients(), state.bytes, peak.activations(),
        peak.logits(), cache, rounding, pool / 8 + BASE_SLACK, mapped);
  }

  /** Bytes of tensors, and of the pool's blocks for them. */
  private static final class Tally {
    private long bytes;
    private long blocks;

    void add(long tensor) {
      bytes += tensor;
      blocks += TrainingPeak.blockOf(tensor);
    }

    long rounding() {
      return blocks - bytes;
    }
  }

  /** Weights that do not stay in the file: those that learn, and those of another element type. */
  private static Tally copies(ModelSizes sizes, MemoryRequest request, Map<String, long[]> trained) {
    Tally tally = new Tally();
    Tuning tuning = request.tuning();
    // Blocks that are added come on top; their numbers may be those that other layers have in the files.
    boolean onTop = request.work() == Work.FULL && tuning != null && tuning.expansion() != null;
    boolean inPlace = request.work() == Work.FULL && !onTop;
    Map<String, Shape> projections = sizes.projections();
    sizes.shapes().forEach((name, shape) -> {
      DType packed = name.endsWith(".weight") && projections.containsKey(name.substring(0, name.length() - 7))
          ? request.packed() : null;
      long values = ModelShapes.values(shape);
      DType dtype = inPlace && trained.containsKey(name) ? DType.F32 : request.dtype();
      if (packed != null && packed.tileRows() > 1) {
        tally.add(packed.bytes(values / shape[shape.length - 1], shape[shape.length - 1]));
      } else if (packed != null && values % packed.block() == 0) {
        tally.add(packed.bytes(values));
      } else if (dtype != null) {
        tally.add(values * dtype.bytes());
      }
    });
    long[] head = sizes.model().projections().get(sizes.names().head());
    if (head != null && request.packed() instanceof DType packed && packed.tileRows() > 1) {
      // The token table that it may be tied to stays.
      tally.add(packed.head().bytes(head[0], head[1]));
    }
    if (onTop) {
      trained.values().forEach(shape -> tally.add(ModelShapes.values(shape) * FLOAT));
    }
    return tally;
  }

  /** Shapes of what learns, or of the adapter that answers along. */
  private static Map<String, long[]> trained(ModelSizes sizes, MemoryRequest request) {
    Tuning tuning = request.tuning();
    return tuning == null ? Map.of() : tuning.trained(sizes.model());
  }

  private static Tally adapters(Map<String, long[]> trained) {
    Tally tally = new Tally();
    trained.values().forEach(shape -> tally.add(ModelShapes.values(shape) * FLOAT));
    return tally;
  }

  private static Tally state(ModelSizes sizes, MemoryRequest request) {
    Tally tally = new Tally();
    Tuning tuning = request.tuning();
    if (request.work() != Work.GENERATE && tuning != null) {
      tuning.learning(sizes.model()).forEach((name, shape) -> request.optim().state(name, shape).forEach(tally::add));
    }
    return tally;
  }

  private static long angles(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.mixer().rope()).distinct()
        .mapToLong(rope -> rope == null ? 0 : rope.rotary()).sum();
  }

  /** Without a backward pass only one half of a layer is there at a time. */
  private static long answering(DecoderConfig config, long tokens) {
    long half = config.layers().stream().mapToLong(layer -> {
      MixerConfig mixer = layer.mixer();
      int copies = LayerActivations.normed(mixer) ? 2 : 1;
      long attention = copies * (long) mixer.queryWidth() + copies * (long) mixer.keyWidth() + mixer.valueWidth()
          + LayerActivations.outputWidth(mixer);
      return 2L * config.hiddenSize() + Math.max(attention, 3L * layer.feedForward().activeWidth());
    }).max().orElse(0);
    return tokens * (2L * config.hiddenSize() + angles(config) + half) * FLOAT;
  }

  /** The logits of each sequence. */
  private static long logits(DecoderConfig config, MemoryRequest request) {
    return request.sequences() * ((long) config.vocabSize() + config.hiddenSize()) * FLOAT;
  }

  private static long cache(DecoderConfig config, MemoryRequest request) {
    long rows = request.sequences() * (Math.ceilDiv((long) request.positions(), CACHE_CHUNK) * CACHE_CHUNK);
    return config.layers().stream().mapToLong(layer -> switch (layer.mixer()) {
      case DeltaNetConfig delta -> request.sequences() * delta.stateFloats();
      case MixerConfig mixer -> rows * (mixer.keyWidth() + mixer.valueWidth());
    }).sum() * FLOAT;
  }
}
