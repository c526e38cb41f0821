package io.swiftjvm.train.optimizer;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.optimizer.rule.AdamW;
import io.swiftjvm.train.optimizer.rule.AdamW8Bit;
import io.swiftjvm.train.optimizer.rule.GaLore;
import io.swiftjvm.train.optimizer.rule.GroupCodes;
import io.swiftjvm.train.optimizer.rule.LazyGap;
import io.swiftjvm.train.optimizer.rule.Projection;
import io.swiftjvm.train.optimizer.rule.Projector;
import io.swiftjvm.train.optimizer.rule.Rule;
import io.swiftjvm.train.optimizer.rule.SubspaceBasis;
import java.util.List;

/**
 * GaLore (arXiv 2403.03507) and Q-GaLore (arXiv 2407.08296): AdamW for matrices in the space of the gradient's leading
 * singular vectors. Weights stay float32.
 *
 * {@snippet :
 * OptimSpec spec = OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(256));
 * }
 *
 * @param rank kept directions, at least 1
 * @param updateGap steps between two decompositions, at least 1
 * @param scale factor of the update, above 0
 * @param projection which side of a matrix
 * @param targets parts of parameter names; empty = every matrix but embeddings and output heads
 * @param quantized Q-GaLore: 8-bit moments, and the gap grows while the vectors stay alike
 * @param packed vectors in 4 bits
 * @param group values that share a scale when packed, an even number
 * @param lazy when the gap grows
 */
public record GaLoreSpec(
    int rank, int updateGap, double scale, Projection projection, List<String> targets, boolean quantized,
    boolean packed, int group, LazyGap lazy) {
  /** The defaults of ms-swift. */
  public static final GaLoreSpec DEFAULT =
      new GaLoreSpec(128, 50, 1, Projection.STD, List.of(), false, false, 256, new LazyGap(0.4, 2, 5));

  public GaLoreSpec {
    check("rank", rank, rank >= 1, "at least 1");
    check("update_proj_gap", updateGap, updateGap >= 1, "at least 1");
    check("scale", scale, scale > 0, "above 0");
    check("proj_group_size", group, group >= 2 && group % 2 == 0, "an even number of at least 2");
    check("cos_threshold", lazy.threshold(), lazy.threshold() >= 0 && lazy.threshold() <= 1, "0 .. 1");
    check("gamma_proj", lazy.growth(), lazy.growth() >= 1, "at least 1");
    check("queue_size", lazy.queue(), lazy.queue() >= 1, "at least 1");
    targets = List.copyOf(targets);
  }

  private static void check(String field, double value, boolean legal, String range) {
    if (!legal || !Double.isFinite(value)) {
      throw new InvalidPlanException("galore_" + field + " is " + value + "; it must be " + range + ".");
    }
  }

  /** Sets the kept directions. Default: 128. */
  public GaLoreSpec rank(int value) {
    return new GaLoreSpec(value, updateGap, scale, projection, targets, quantized, packed, group, lazy);
  }

  /** Sets the steps between two decompositions. Default: 50. */
  public GaLoreSpec updateGap(int value) {
    return new GaLoreSpec(rank, value, scale, projection, targets, quantized, packed, group, lazy);
  }

  /** Sets the factor of the update. Default: 1. */
  public GaLoreSpec scale(double value) {
    return new GaLoreSpec(rank, updateGap, value, projection, targets, quantized, packed, group, lazy);
  }

  /** Sets the side. Default: {@link Projection#STD}. */
  public GaLoreSpec projection(Projection value) {
    return new GaLoreSpec(rank, updateGap, scale, value, targets, quantized, packed, group, lazy);
  }

  /** Sets parts of the names of projected parameters. Default: every matrix but embeddings and output heads. */
  public GaLoreSpec targets(List<String> value) {
    return new GaLoreSpec(rank, updateGap, scale, projection, value, quantized, packed, group, lazy);
  }

  /** Makes it Q-GaLore. Default: false. */
  public GaLoreSpec quantized(boolean on) {
    return new GaLoreSpec(rank, updateGap, scale, projection, targets, on, packed, group, lazy);
  }

  /** Packs the vectors in 4 bits. Default: false. */
  public GaLoreSpec packed(boolean on) {
    return new GaLoreSpec(rank, updateGap, scale, projection, targets, quantized, on, group, lazy);
  }

  /** Sets the packed values that share a scale. Default: 256. */
  public GaLoreSpec group(int value) {
    return new GaLoreSpec(rank, updateGap, scale, projection, targets, quantized, packed, value, lazy);
  }

  /** Sets when the gap of Q-GaLore grows. Default: mean cosine of 5 at least 0.4, then by 2. */
  public GaLoreSpec lazy(LazyGap value) {
    return new GaLoreSpec(rank, updateGap, scale, projection, targets, quantized, packed, group, value);
  }

  /** True if this parameter is projected. */
  boolean covers(ParamKind kind) {
    return kind.matrix() && (targets.isEmpty() ? kind.hidden() : targets.stream().anyMatch(kind.name()::contains));
  }

  Rule rule(OptimSpec spec) {
    Projector projector = new Projector(projection, rank, updateGap, new SubspaceBasis(),
        packed ? new GroupCodes(group) : null, quantized ? lazy : null);
    Rule small = new AdamW8Bit(spec.beta1(), spec.beta2(), spec.epsilon());
    AdamW adam = new AdamW(spec.beta1(), spec.beta2(), spec.epsilon());
    return new GaLore(scale, projector, quantized ? step -> small : adam::uncorrected);
  }
}
