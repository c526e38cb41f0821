package io.swiftjvm.tuner;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Settings of LoftQ (arXiv 2310.08659): the weight becomes NF4, and A and B start as the best low-rank answer to what that
 * loses, {@code W ~ Q + alpha/rank B A}. Rounds alternate between {@code Q = nf4(W - alpha/rank B A)} and the singular
 * value decomposition of {@code W - Q}, as in PEFT 0.21; there A and B are not divided by {@code alpha/rank}, so that its
 * start is the best one only where alpha is the rank. Q depends on the weight alone and is made again when the adapter is
 * loaded.
 *
 * {@snippet :
 * LoraSpec spec = LoraSpec.DEFAULT.init(LoraInit.LOFTQ).loftq(l -> l.iters(5));
 * }
 *
 * @param bits of a code: 4, as by default in PEFT
 * @param iters rounds, 1 or more; 1 as in PEFT
 */
public record LoftqStart(int bits, int iters) {
  /** The defaults of PEFT. */
  public static final LoftqStart DEFAULT = new LoftqStart(4, 1);

  // The singular values of what quantisation loses lie close together, and no more digits of them matter.
  private static final double CONVERGED = 1e-4;

  public LoftqStart {
    if (bits != 4 || iters < 1) {
      throw new InvalidPlanException("loftq_bits is " + bits + " and loftq_iter " + iters + "; bits must be 4 (NF4), rounds "
          + "1 or more.");
    }
  }

  /** Sets the bits of a code. Default: 4, the only legal one. */
  public LoftqStart bits(int value) {
    return new LoftqStart(value, iters);
  }

  /** Sets the rounds. Default: 1. Legal: at least 1. */
  public LoftqStart iters(int value) {
    return new LoftqStart(bits, value);
  }

  /**
   * A projection after it.
   *
   * @param weight the weight in NF4, in the model's memory
   * @param start A and B; null where only the weight was asked for
   */
  record Made(Tensor weight, @Nullable LoraStart start) {
    LoraStart factors() {
      if (start == null) {
        throw new IllegalStateException("A and B were not asked for");
      }
      return start;
    }
  }

  /** Refuses a projection whose weight (out,in) cannot become NF4. */
  static void check(String path, long out, long in) {
    if (in % 16 != 0 || out * in % DType.NF4.block() != 0) {
      throw new InvalidPlanException("init_weights is loftq, which makes weights NF4, and that of " + path + " has " + out
          + " rows of " + in + "; rows must be whole 16s and the size whole blocks of " + DType.NF4.block()
          + ". Leave it out of the targets, or use another init_weights.");
    }
  }

  /** Refuses a projection of a model; the first one that does not fit is told before the model changes. */
  static void check(LoraLinear linear, int rank, float scale) {
    LoraStart.check(linear, LoraInit.LOFTQ, rank, scale);
    Tensor weight = linear.base().weight().value();
    if (!weight.dtype().isFloat()) {
      throw new InvalidPlanException("init_weights is loftq, which quantises weights itself, and that of " + linear.path()
          + " is " + weight + ". Leave out quant_method, or use another init_weights.");
    }
    check(linear.path(), linear.outFeatures(), linear.inFeatures());
  }

  /** The weight alone if A and B come from a file. */
  Made make(CausalLm model, LoraLinear linear, int rank, float scale, boolean weightOnly) {
    Tensor weight = linear.base().weight().value();
    Backend backend = model.backend();
    int in = Math.toIntExact(linear.inFeatures());
    int out = Math.toIntExact(linear.outFeatures());
    Tensor packed = model.scope().tensor(DType.NF4, weight.shape());
    try (Scope scope = new Scope(backend)) {
      Tensor whole = scope.floats(weight.shape());
      widen(backend, weight, whole);
      Tensor rest = scope.floats(weight.shape());
      Tensor rounded = scope.floats(weight.shape());
      backend.copy(whole, rest);
      for (int round = 1; ; round++) {
        backend.quantize(rest, packed);
        if (weightOnly && round == iters) {
          return new Made(packed, null);
        }
        backend.cast(packed, rounded);
        backend.binary(Binary.SUBTRACT, whole, rounded, rest);
        LowRankSvd.Factors top = LoraStart.top(backend, rest, rank, in, out, 0, CONVERGED);
        if (round == iters) {
          return new Made(packed, LoraStart.balanced(backend, model.scope(), top, rank, scale));
        }
        LoraStart product = LoraStart.balanced(backend, scope, top, rank, 1);
        backend.copy(whole, rest);
        backend.matmul(product.b(), false, product.a(), false, rest, -1, 1);
      }
    } catch (ArithmeticException e) {
      throw new ModelFormatException("Cannot quantise the weight of " + linear.path() + " in " + model.directory()
          + ": it is NaN or infinite. Load the checkpoint that it was made from.", e);
    }
  }

  private static void widen(Backend backend, Tensor from, Tensor to) {
    if (from.dtype() == DType.F32) {
      backend.copy(from.detached(), to);
    } else {
      backend.cast(from.detached(), to);
    }
  }
}
