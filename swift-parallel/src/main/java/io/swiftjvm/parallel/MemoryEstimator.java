package io.swiftjvm.parallel;

import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.DeltaNetConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.parallel.MemoryRequest.Work;
import io.swiftjvm.parallel.ModelSizes.Shape;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tuner.LoraSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Foretells the memory of a plan from sizes alone: what stands at the fullest moment of a training step, see
 * {@link TrainingPeak}, or of an answer. It counts the float32 tensors that the CPU backend's tape and scopes hold, as
 * the code of {@code DecoderBlock} makes them.
 *
 * {@snippet :
 * var sizes = ModelSizes.of(Path.of("Qwen3-0.6B"));
 * long bytes = MemoryEstimator.estimate(sizes, MemoryRequest.trainLora(LoraSpec.DEFAULT, 512)).total();
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
    Tally copies = copies(sizes, request);
    Tally adapters = adapters(sizes, request.lora());
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
  private static Tally copies(ModelSizes sizes, MemoryRequest request) {
    Tally tally = new Tally();
    DType dtype = request.work() == Work.FULL ? DType.F32 : request.dtype();
    Map<String, Shape> projections = sizes.projections();
    sizes.shapes().forEach((name, shape) -> {
      DType packed = name.endsWith(".weight") && projections.containsKey(name.substring(0, name.length() - 7))
          ? request.packed() : null;
      long values = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      if (packed != null && values % packed.block() == 0) {
        tally.add(packed.bytes(values));
      } else if (dtype != null) {
        tally.add(values * dtype.bytes());
      }
    });
    return tally;
  }

  private static Tally adapters(ModelSizes sizes, @Nullable LoraSpec lora) {
    Tally tally = new Tally();
    if (lora != null) {
      Map<String, Shape> projections = sizes.projections();
      for (String path : lora.select(List.copyOf(projections.keySet()))) {
        Shape shape = projections.getOrDefault(path, new Shape(0, 0));
        tally.add(lora.rankOf(path) * shape.in() * FLOAT);
        tally.add(lora.rankOf(path) * shape.out() * FLOAT);
      }
    }
    return tally;
  }

  /** Values in A and B of all projections. */
  static long adapterValues(ModelSizes sizes, @Nullable LoraSpec lora) {
    return adapters(sizes, lora).bytes / FLOAT;
  }

  private static Tally state(ModelSizes sizes, MemoryRequest request) {
    Tally tally = new Tally();
    LoraSpec lora = request.lora();
    if (request.work() == Work.FULL) {
      sizes.shapes().forEach((name, shape) -> state(request, tally, name, shape));
    } else if (request.work() == Work.LORA && lora != null) {
      Map<String, Shape> projections = sizes.projections();
      for (String path : lora.select(List.copyOf(projections.keySet()))) {
        Shape shape = projections.getOrDefault(path, new Shape(0, 0));
        state(request, tally, path + ".lora_A.weight", lora.rankOf(path), shape.in());
        state(request, tally, path + ".lora_B.weight", shape.out(), lora.rankOf(path));
      }
    }
    return tally;
  }

  private static void state(MemoryRequest request, Tally tally, String name, long... shape) {
    request.optim().state(name, shape).forEach(tally::add);
  }

  private static long angles(DecoderConfig config) {
    return config.layers().stream().map(layer -> layer.mixer().rope()).distinct()
        .mapToLong(rope -> rope == null ? 0 : rope.rotary()).sum();
  }

  /** Without a backward pass only one half of a layer is there at a time. */
  private static long answering(DecoderConfig config, long tokens) {
    long half = config.layers().stream().mapToLong(layer -> {
      MixerConfig mixer = layer.mixer();
      int copies = TrainingPeak.normed(mixer) ? 2 : 1;
      long attention = copies * (long) mixer.queryWidth() + copies * (long) mixer.keyWidth() + mixer.valueWidth()
          + TrainingPeak.outputWidth(mixer);
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
