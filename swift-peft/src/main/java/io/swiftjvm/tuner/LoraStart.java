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
 * It depends on the weight alone, up to signs that cancel, so it is not saved; that of LoRA-GA, which depends on data, is
 * saved with the adapter.
 *
 * @param a (rank,in) float32
 * @param b (out,rank) float32
 */
record LoraStart(Tensor a, Tensor b) {
  private static final int EXTRA = 16;
  private static final int WIDTH = 128;
  private static final int MAX_ROUNDS = 400;
  private static final double CONVERGED = 1e-7;

  /** The start of {@code init} at a projection, in the model's memory; null when the adapter starts outside it. */
  static @Nullable LoraStart of(CausalLm model, LoraLinear linear, LoraInit init, int rank, float scale) {
    if (!init.insideWeight()) {
      return null;
    }
    check(linear, init, rank, scale);
    int in = Math.toIntExact(linear.inFeatures());
    int out = Math.toIntExact(linear.outFeatures());
    Tensor weight = linear.base().weight().value();
    if (init == LoraInit.OLORA) {
      double[][] left = times(model.backend(), weight, unit(rank, in), true);
      LowRankSvd.orthonormalise(left);
      double[][] right = times(model.backend(), weight, left, false);
      return made(model.backend(), model.scope(), left, right);
    }
    LowRankSvd.Factors top = top(model.backend(), weight, rank, in, out);
    return balanced(model.backend(), model.scope(), top, rank, scale);
  }

  /** The largest triples as B and A of the same size, whose product times {@code factor} is theirs. */
  static LoraStart balanced(Backend backend, Scope scope, LowRankSvd.Factors top, int rank, float factor) {
    double[][] left = Arrays.copyOf(top.left(), rank);
    double[][] right = Arrays.copyOf(top.right(), rank);
    for (int r = 0; r < rank; r++) {
      // left is u * sigma; both factors take sqrt(sigma / factor).
      double sigma = LowRankSvd.norm(left[r]);
      double root = Math.sqrt(sigma / factor);
      LowRankSvd.scale(left[r], sigma == 0 ? 0 : root / sigma);
      LowRankSvd.scale(right[r], root);
    }
    return made(backend, scope, left, right);
  }

  static void check(LoraLinear linear, LoraInit init, int rank, float scale) {
    long most = Math.min(linear.inFeatures(), linear.outFeatures()) / (init == LoraInit.LORA_GA ? 2 : 1);
    if (rank > most || !(scale > 0)) {
      throw new InvalidPlanException("The start " + init + " of rank " + rank + " with alpha/rank " + scale + " at "
          + linear.path() + " needs a rank of at most " + most + " and an alpha above 0.");
    }
    if (linear.base().transposed()) {
      throw new InvalidPlanException("The start " + init + " is not there for " + linear.path()
          + ", whose weight is stored transposed. Use another init_weights.");
    }
  }

  private static LoraStart made(Backend backend, Scope scope, double[][] left, double[][] right) {
    int in = right[0].length;
    int out = left[0].length;
    Tensor a = scope.floats(right.length, in);
    Tensor b = scope.floats(out, left.length);
    backend.upload(MemorySegment.ofArray(rows(right, in)), a);
    backend.upload(MemorySegment.ofArray(columns(left, out)), b);
    return new LoraStart(a, b);
  }

  /** The start of LoRA-GA from the gradient (out,in) of the weight; from zeros it is zero, to be filled from a file. */
  static LoraStart gradient(
      CausalLm model, LoraLinear linear, Tensor gradient, int rank, float scale, GradientStart settings, long seed) {
    check(linear, LoraInit.LORA_GA, rank, scale);
    int in = Math.toIntExact(linear.inFeatures());
    int out = Math.toIntExact(linear.outFeatures());
    if (model.backend().sumSquares(gradient) == 0) {
      // No row reached the projection: there is no direction to start in.
      float[] a = new float[rank * in];
      LoraInit.KAIMING_UNIFORM.fill(a, rank, in, Seeds.of(seed, linear.path()));
      double[][] rows = new double[rank][in];
      for (int i = 0; i < a.length; i++) {
        rows[i / in][i % in] = a[i];
      }
      return made(model.backend(), model.scope(), new double[rank][out], rows);
    }
    LowRankSvd.Factors top = top(model.backend(), gradient, 2 * rank, in, out);
    int[] drawn = drawn(2 * rank, Seeds.of(seed, linear.path()));
    double[][] left = new double[rank][];
    double[][] right = new double[rank][];
    for (int j = 0; j < rank; j++) {
      left[j] = top.left()[switch (settings.direction()) {
        case ARB2R -> rank + j;
        case A2RBR -> j;
        case ARBR -> 2 * j;
        case RANDOM -> drawn[j];
      }].clone();
      right[j] = top.right()[switch (settings.direction()) {
        case ARB2R -> j;
        case A2RBR -> rank + j;
        case ARBR -> 2 * j + 1;
        case RANDOM -> drawn[j];
      }].clone();
    }
    double largest = LowRankSvd.norm(left[0]);
    double factor = switch (settings.scale()) {
      case STABLE -> Math.pow(out, 0.25) / Math.sqrt(settings.gamma());
      case WEIGHT_SVD -> largest == 0 ? 1 : LowRankSvd.norm(
          top(model.backend(), linear.base().weight().value(), 1, in, out).left()[0]) / largest;
      case GD_SCALE -> 1 / scale;
      case UNIT -> 1;
    };
    for (int j = 0; j < rank; j++) {
      LowRankSvd.scale(left[j], factor);
      LowRankSvd.scale(right[j], settings.scale() == GradientStart.Scale.GD_SCALE ? factor : 1);
    }
    return made(model.backend(), model.scope(), left, right);
  }

  private static int[] drawn(int count, Seeds random) {
    int[] order = new int[count];
    Arrays.setAll(order, i -> i);
    for (int i = count - 1; i > 0; i--) {
      int other = (int) (random.uniform() * (i + 1));
      int swap = order[i];
      order[i] = order[other];
      order[other] = swap;
    }
    return order;
  }

  /** The largest singular triples: from the whole matrix when it is small, else by subspace iteration. */
  static LowRankSvd.Factors top(Backend backend, Tensor weight, int rank, int in, int out) {
    return top(backend, weight, rank, in, out, WIDTH, CONVERGED);
  }

  /**
   * {@link #top} to a precision.
   *
   * @param wide vectors of the iteration at least; more need fewer rounds that cost more
   * @param converged relative change of the sum of the values in the last round
   */
  static LowRankSvd.Factors top(
      Backend backend, Tensor weight, int rank, int in, int out, int wide, double converged) {
    int width = Math.max(wide, 2 * rank + EXTRA);
    if (Math.min(in, out) <= Math.max(WIDTH, width)) {
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
      if (Math.abs(sum - before) <= converged * sum || round == MAX_ROUNDS) {
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

  /** An adapter and its start as one update of twice the rank, {@code b a - start.b start.a}: what a file holds. */
  Joined join(LoraPart part) {
    return new Joined(this, part);
  }

  /**
   * Both together.
   *
   * @param start what was taken out of the weight
   * @param part what is trained
   */
  record Joined(LoraStart start, LoraPart part) {
    private int rank() {
      return Math.toIntExact(start.a.dim(0));
    }

    long[] shapeA() {
      return new long[] {2L * rank(), start.a.dim(1)};
    }

    long[] shapeB() {
      return new long[] {start.b.dim(0), 2L * rank()};
    }

    float[] a() {
      float[] own = part.a().value().toFloats();
      float[] all = Arrays.copyOf(own, 2 * own.length);
      System.arraycopy(start.a.toFloats(), 0, all, own.length, own.length);
      return all;
    }

    float[] b() {
      float[] own = part.b().value().toFloats();
      float[] taken = start.b.toFloats();
      int rank = rank();
      float[] all = new float[2 * own.length];
      for (int i = 0; i < own.length; i++) {
        int at = i / rank * 2 * rank + i % rank;
        all[at] = own[i];
        all[at + rank] = -taken[i];
      }
      return all;
    }

    /** Takes both apart again. */
    void split(CausalLm model, float[] a, float[] b) {
      int rank = rank();
      int half = a.length / 2;
      float[] own = new float[b.length / 2];
      float[] taken = new float[b.length / 2];
      for (int i = 0; i < own.length; i++) {
        int at = i / rank * 2 * rank + i % rank;
        own[i] = b[at];
        taken[i] = -b[at + rank];
      }
      Backend backend = model.backend();
      backend.upload(MemorySegment.ofArray(Arrays.copyOf(a, half)), part.a().value());
      backend.upload(MemorySegment.ofArray(Arrays.copyOfRange(a, half, a.length)), start.a);
      backend.upload(MemorySegment.ofArray(own), part.b().value());
      backend.upload(MemorySegment.ofArray(taken), start.b);
    }
  }
}
