package io.swiftjvm.backend;

import io.swiftjvm.tensor.Allocator;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a device must do (the primitives) and may do better (the fused operations, each with a default composed from
 * primitives that also serves as the reference in its kernel's test).
 *
 * <p>Tensors are dense, row-major and float32 unless said otherwise; results are written into tensors that the caller
 * made; an output may be one of the inputs only where it says so. Shapes are checked before any kernel runs. The same
 * input gives the same bits whatever the number of threads.
 */
public interface Backend extends Allocator, AutoCloseable {
  Device device();

  /** What the device is and why its kernels were chosen, for plans and reports. */
  String description();

  /** Which operations and types this device has kernels for. */
  default Capabilities capabilities() {
    return Capabilities.of(this, Set.of(DType.F32));
  }

  /** Where this backend counts what it does without a kernel; one object for its life. */
  Fallbacks fallbacks();

  /**
   * The type in which weights that a file has in {@code stored} are best kept here, where the plan asks for none. As
   * stored, unless the device has no fast product for that.
   */
  default DType weightType(DType stored) {
    return stored;
  }

  /** Copies host memory into a tensor of the same number of bytes. */
  void upload(MemorySegment source, Tensor target);

  /** Copies a tensor into host memory of the same number of bytes. */
  void download(Tensor source, MemorySegment target);

  /** Copies between tensors of the same size and type. */
  void copy(Tensor source, Tensor target);

  /** Sets every element. */
  void fill(Tensor target, float value);

  /**
   * Converts between float32, bf16, fp16 and fp8, rounding to nearest even; also widens quantised weights. What is too large
   * for fp8 becomes infinite in e5m2 and 448, the largest number, in e4m3, which has no infinity (arXiv 2209.05433).
   */
  void cast(Tensor source, Tensor target);

  /**
   * Converts float32, bf16 or fp16 weights of whole blocks to a type that {@link DType#isQuantised()}. Throws
   * {@link ArithmeticException} for weights that are NaN or infinite; keys and values of a cache are not asked.
   */
  void quantize(Tensor source, Tensor target);

  /**
   * {@code out = alpha * op(a) op(b) + beta * out}, op = transpose where asked. a is float32; b is float32, bf16,
   * fp16 or quantised; out is (m,n) float32. A backend may round weights that are quantised once more, to 17 bits by tiles of
   * AMX, to bf16 by tensor cores, and activations beside weights in tiles to bytes.
   */
  void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, float alpha, float beta);

  /**
   * {@code out = op(a, b)}. b has a's size, or is a row of a's columns, or one value for each of a's rows (rows,1), or
   * one element. out may be a.
   */
  void binary(Binary op, Tensor a, Tensor b, Tensor out);

  /** {@code out = op(x)}; out may be x. */
  void unary(Unary op, Tensor x, Tensor out);

  /** {@code dx = dy * op'(x)} for the activations; dx may be dy. */
  void unaryBackward(Unary op, Tensor x, Tensor dy, Tensor dx);

  /** {@code out = alpha * x}; out may be x. */
  void scale(Tensor x, float alpha, Tensor out);

  /** {@code y += alpha * x}. */
  void axpy(float alpha, Tensor x, Tensor y);

  /** Reduces the last dimension: x (rows,columns) to out (rows). */
  void reduceColumns(Reduction op, Tensor x, Tensor out);

  /** Sums over rows: x (rows,columns) to {@code out (columns) = sum + beta * out}. */
  void sumRows(Tensor x, Tensor out, float beta);

  /** Softmax over the last dimension; out may be x. */
  void softmax(Tensor x, Tensor out);

  /** {@code out[i] = table[ids[i]]}: table (v,c) float32, bf16 or fp16, ids int32 (n), out (n,c) float32. */
  void gatherRows(Tensor table, Tensor ids, Tensor out);

  /**
   * {@code table[ids[i]] = rows[i]}: rows float32 (n,c), ids int32 (n), table (v,c) float32 or {@link DType#Q8_BLOCK}.
   * The ids must be different, which is not checked; one outside of the table is refused, on a device when the host next
   * waits.
   */
  default void scatterRows(Tensor rows, Tensor ids, Tensor table) {
    fallbacks().composed(FusedOp.SCATTER_ROWS);
    Composed.scatterRows(this, rows, ids, table);
  }

  /** {@code table[ids[i]] += rows[i]}, in the order of i; ids int32, negative ids are skipped. */
  void scatterAddRows(Tensor rows, Tensor ids, Tensor table);

  /** Copies columns {@code [from, from + out.columns())} of x (rows,columns) to out. */
  void sliceColumns(Tensor x, long from, Tensor out);

  /** Copies x (rows,columns) over the columns {@code [to, to + x.columns())} of out; the others stay. */
  void pasteColumns(Tensor x, Tensor out, long to);

  /** Sum of the squares of all elements, accumulated in double in a fixed order. */
  double sumSquares(Tensor x);

  /** {@link #sumSquares(Tensor)} of each, added in their order; a device is waited for once. */
  default double sumSquares(List<Tensor> all) {
    double sum = 0;
    for (Tensor x : all) {
      sum += sumSquares(x);
    }
    return sum;
  }

  /** True if no element is NaN or infinite. */
  boolean isFinite(Tensor x);

  /**
   * Zeroes each element with probability p and scales the rest by 1/(1-p); the choice is a pure function of key and
   * element index, so that a recomputed forward or the backward pass makes it again. out may be x.
   */
  void dropout(Tensor x, float p, long key, Tensor out);

  // ---- fused operations -------------------------------------------------------------------------------------------

  /** {@code y = x w^T + bias}: x (n,in), w (out,in) of any float type, y (n,out). */
  default void linear(Tensor x, Tensor w, @Nullable Tensor bias, Tensor y) {
    matmul(x, false, w, true, y, 1, 0);
    if (bias != null) {
      binary(Binary.ADD, y, bias, y);
    }
  }

  /**
   * {@code y = x / sqrt(mean(x^2) + eps) * (w + shift)}: x (rows,columns), w (columns) of any float type; rstd (rows)
   * receives the factor for the backward pass if not null. shift is 1 for Gemma's norms (arXiv 1910.07467).
   */
  default void rmsNorm(Tensor x, Tensor w, float shift, float eps, Tensor y, @Nullable Tensor rstd) {
    fallbacks().composed(FusedOp.RMS_NORM);
    Composed.rmsNorm(this, x, w, shift, eps, y, rstd);
  }

  /** Gradients of {@link #rmsNorm}: dx is written, dw (columns) is added to, if not null. */
  default void rmsNormBackward(
      Tensor x, Tensor w, float shift, Tensor rstd, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dw) {
    fallbacks().composed(FusedOp.RMS_NORM_BACKWARD);
    Composed.rmsNormBackward(this, x, w, shift, rstd, dy, dx, dw);
  }

  /**
   * Rotary embedding of the first {@code 2 * cos.columns()} columns of every head (arXiv 2104.09864): x
   * (n,heads,headDim), cos and sin (n,rotary/2). {@code interleaved}: pairs are (0,1),(2,3).. instead of (i, i +
   * rotary/2). The backward pass is the rotation by the negative angle, {@code inverse}. out may be x.
   */
  default void rope(Tensor x, Tensor cos, Tensor sin, boolean interleaved, boolean inverse, Tensor out) {
    fallbacks().composed(FusedOp.ROPE);
    Composed.rope(this, x, cos, sin, interleaved, inverse, out);
  }

  /** {@code out = act(gate) * up} (SwiGLU for SILU, arXiv 2002.05202). */
  default void gated(Unary act, Tensor gate, Tensor up, Tensor out) {
    fallbacks().composed(FusedOp.GATED);
    Composed.gated(this, act, gate, up, out);
  }

  /** Gradients of {@link #gated}. */
  default void gatedBackward(Unary act, Tensor gate, Tensor up, Tensor dout, Tensor dgate, Tensor dup) {
    fallbacks().composed(FusedOp.GATED_BACKWARD);
    Composed.gatedBackward(this, act, gate, up, dout, dgate, dup);
  }

  /**
   * Causal attention of flat sequences: q (nq,heads*headDim), k (nk,kvHeads*headDim), v (nk,kvHeads*valueDim), out
   * (nq,heads*valueDim); lse (heads,nq) receives the log of the softmax denominators if not null. Memory beyond the
   * outputs is O(length) (FlashAttention, arXiv 2307.08691). k and v may be {@link DType#Q8_BLOCK}, in which case the heads
   * are multiples of its blocks, and may lie in {@link Segments.Pages}.
   */
  default void attention(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, @Nullable Tensor lse) {
    fallbacks().composed(FusedOp.ATTENTION);
    Composed.attention(this, q, k, v, spec, segments, out, lse);
  }

  /** Gradients of {@link #attention} for packed rows of float32; dq, dk and dv are written whole. */
  default void attentionBackward(
      Tensor q, Tensor k, Tensor v, AttentionSpec spec, Segments segments, Tensor out, Tensor lse, Tensor dout,
      Tensor dq, Tensor dk, Tensor dv) {
    fallbacks().composed(FusedOp.ATTENTION_BACKWARD);
    Composed.attentionBackward(this, q, k, v, spec, segments, out, lse, dout, dq, dk, dv);
  }

  /**
   * Negative log-likelihoods of logits (n,v) at labels int32 (n), into nll (n); a negative label gives 0. If gradScale
   * (n) is not null the logits become {@code (softmax - onehot) * gradScale[i]}, 0 for negative labels.
   */
  default void crossEntropy(Tensor logits, Tensor labels, Tensor nll, @Nullable Tensor gradScale) {
    fallbacks().composed(FusedOp.CROSS_ENTROPY);
    Composed.crossEntropy(this, logits, labels, nll, gradScale);
  }

  /** One AdamW update of p, m and v (all the same size, float32) by gradient g. */
  default void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamStep step) {
    fallbacks().composed(FusedOp.ADAM_W);
    Composed.adamW(this, p, g, m, v, step);
  }

  /**
   * The place of the greatest element of each row of x (n,v), the first of equals, into int32 out (n): the token that
   * greedy decoding takes, so that logits need not leave the device. -1 for a row with a NaN or nothing above negative
   * infinity.
   */
  default void argmax(Tensor x, Tensor out) {
    fallbacks().composed(FusedOp.ARGMAX);
    Composed.argmax(this, x, out);
  }

  /**
   * Makes operations repeatable, those of a {@link Recorder}. A device that can keep them in a form of its own overrides
   * this.
   */
  default Replay replay(List<Replay.Operation> operations) {
    List<Replay.Operation> all = List.copyOf(operations);
    return new Replay() {
      @Override
      public void run(Segments segments) {
        // backends know what they made of segments by their identity
        Segments own = segments.again();
        for (int i = 0; i < all.size(); i++) {
          all.get(i).run(Backend.this, own);
        }
      }

      @Override
      public void close() {}
    };
  }

  @Override
  void close();
}
