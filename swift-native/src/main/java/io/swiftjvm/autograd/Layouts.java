package io.swiftjvm.autograd;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Differentiable changes of the order of elements. */
public final class Layouts {
  private Layouts() {}

  /** x (rows,columns) transposed. */
  public static Tensor transpose(Ops ops, Tensor x) {
    return permute(ops, x, new long[] {x.rows(), x.columns()}, 1, 0);
  }

  /** x of {@code shape} with its axes in another order: axis i of the result is axis {@code axes[i]} of x. */
  public static Tensor permute(Ops ops, Tensor x, long[] shape, int... axes) {
    return gather(ops, x, ids(ops, order(shape, axes)), permuted(shape, axes));
  }

  /**
   * The elements, or the runs of elements where {@code order} names runs, of x at {@code ids}, as {@code shape}. What
   * is picked twice gets the sum of the gradients.
   */
  public static Tensor gather(Ops ops, Tensor x, Tensor ids, long... shape) {
    long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    long width = size / Math.max(1, ids.size());
    return ops.reshape(ops.selectRows(ops.reshape(x, x.size() / width, width), ids), shape);
  }

  /** Which runs of elements {@link #permute} takes in which order; the axes that stay last make up a run. */
  public static int[] order(long[] shape, int... axes) {
    int moved = axes.length;
    while (moved > 0 && axes[moved - 1] == moved - 1) {
      moved--;
    }
    long[] stride = new long[moved];
    long count = 1;
    for (int i = moved - 1; i >= 0; i--) {
      stride[i] = count;
      count *= shape[i];
    }
    int[] order = new int[Math.toIntExact(count)];
    for (int i = 0; i < order.length; i++) {
      long rest = i;
      long from = 0;
      for (int axis = moved - 1; axis >= 0; axis--) {
        long length = shape[axes[axis]];
        from += rest % length * stride[axes[axis]];
        rest /= length;
      }
      order[i] = (int) from;
    }
    return order;
  }

  private static long[] permuted(long[] shape, int... axes) {
    long[] result = new long[axes.length];
    Arrays.setAll(result, i -> shape[axes[i]]);
    return result;
  }

  /** Whole numbers in the current scope. */
  public static Tensor ids(Ops ops, int[] values) {
    Tensor ids = ops.scope().tensor(DType.I32, values.length);
    ops.backend().upload(MemorySegment.ofArray(values), ids);
    return ids;
  }
}
