package io.swiftjvm.tuner;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The product that an adapter starts from when it starts inside the weight: PiSSA (arXiv 2404.02948) from the largest
 * singular values, OLoRA (arXiv 2406.01775) from the QR decomposition. PEFT takes {@code scale * b a} away from the
 * weight; here the weight stays as the file has it and the projection subtracts the product, which is the same
 * function.
 * It depends on the weight alone, up to signs that cancel, so it is not saved.
 *
 * @param a (rank,in) float32
 * @param b (out,rank) float32
 */
record LoraStart(Tensor a, Tensor b) {
  private static final int EXTRA = 16;
  private static final int MAX_ROUNDS = 400;
  private static final double CONVERGED = 1e-7;

  /** The start of {@code init} at a projection, in the model's memory; null when the adapter starts outside it. */
  static @Nullable LoraStart of(CausalLm model, LoraLinear linear, LoraInit init, int rank, float scale) {
    if (!init.insideWeight()) {
      return null;
    }
    int in = Math.toIntExact(linear.inFeatures());
    int out = Math.toIntExact(linear.outFeatures());
    if (rank > Math.min(in, out) || !(scale > 0)) {
      throw new InvalidPlanException("The start " + init + " of rank " + rank + " with alpha/rank " + scale + " at "
          + linear.path() + " needs a rank of at most " + Math.min(in, out) + " and an alpha above 0.");
    }
    if (linear.base().transposed()) {
      throw new InvalidPlanException("The start " + init + " is not there for " + linear.path()
          + ", whose weight is stored transposed. Use another init_weights.");
    }
    Tensor weight = linear.base().weight().value();
    double[][] left;
    double[][] right;
    if (init == LoraInit.OLORA) {
      left = times(model.backend(), weight, unit(rank, in), true);
      LowRankSvd.orthonormalise(left);
      right = times(model.backend(), weight, left, false);
    } else {
      LowRankSvd.Factors top = top(model.backend(), weight, rank, in, out);
      left = Arrays.copyOf(top.left(), rank);
      right = Arrays.copyOf(top.right(), rank);
      for (int r = 0; r < rank; r++) {
        // left is u * sigma; both factors take sqrt(sigma / scale).
        double sigma = LowRankSvd.norm(left[r]);
        double root = Math.sqrt(sigma / scale);
        LowRankSvd.scale(left[r], sigma == 0 ? 0 : root / sigma);
        LowRankSvd.scale(right[r], root);
      }
    }
    Tensor a = model.scope().floats(rank, in);
    Tensor b = model.scope().floats(out, rank);
    model.backend().upload(MemorySegment.ofArray(rows(right, in)), a);
    model.backend().upload(MemorySegment.ofArray(columns(left, out)), b);
    return new LoraStart(a, b);
  }

  /** The largest singular triples: from the whole matrix when it is small, else by subspace iteration. */
  static LowRankSvd.Factors top(Backend backend, Tensor weight, int rank, int in, int out) {
    int width = Math.max(128, 2 * rank + EXTRA);
    if (Math.min(in, out) <= width) {
      return in <= out ? LowRankSvd.truncate(times(backend, weight, unit(in, in), true), unit(in, in), rank)
          : LowRankSvd.truncate(unit(out, out), times(backend, weight, unit(out, out), false), rank);
    }
    Seeds random = Seeds.of(0, "svd");
    double[][] space = new double[width][in];
    for (double[] row : space) {
      Arrays.setAll(row, i -> random.normal());
    }
    double before = -1;
    for (int round = 0; ; round++) {
      LowRankSvd.orthonormalise(space);
      LowRankSvd.Factors top = LowRankSvd.truncate(times(backend, weight, space, true), space, width);
      double sum = Arrays.stream(top.left(), 0, rank).mapToDouble(LowRankSvd::norm).sum();
      if (Math.abs(sum - before) <= CONVERGED * sum || round == MAX_ROUNDS) {
        return top;
      }
      before = sum;
      space = times(backend, weight, top.left(), false);
    }
  }

  /** The first {@code count} unit vectors. */
  private static double[][] unit(int count, int width) {
    double[][] rows = new double[count][width];
    for (int i = 0; i < count; i++) {
      rows[i][i] = 1;
    }
    return rows;
  }

  private static double[][] times(Backend backend, Tensor weight, double[][] rows, boolean transposed) {
    int from = rows[0].length;
    int to = Math.toIntExact(weight.dim(transposed ? 0 : 1));
    try (Scope scope = new Scope(backend)) {
      Tensor x = scope.floats(rows(rows, from), rows.length, from);
      Tensor y = scope.floats(rows.length, to);
      backend.matmul(x, false, weight, transposed, y, 1, 0);
      float[] flat = y.toFloats();
      double[][] result = new double[rows.length][to];
      for (int i = 0; i < flat.length; i++) {
        result[i / to][i % to] = flat[i];
      }
      return result;
    }
  }

  private static float[] rows(double[][] rows, int width) {
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[i / width][i % width];
    }
    return flat;
  }

  private static float[] columns(double[][] columns, int height) {
    float[] flat = new float[columns.length * height];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) columns[i % columns.length][i / columns.length];
    }
    return flat;
  }
}
