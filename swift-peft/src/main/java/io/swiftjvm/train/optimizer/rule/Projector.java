package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes GaLore's vectors from time to time and keeps them in the state.
 *
 * @param projection which side of a matrix is projected
 * @param rank kept directions, at least 1; no more than the smaller side are used
 * @param gap steps between two decompositions, at least 1
 * @param basis decomposes
 * @param packing how the vectors are packed, or null for float32
 * @param lazy how the gap grows, or null for never
 */
public record Projector(
    Projection projection, int rank, int gap, Basis basis, @Nullable GroupCodes packing, @Nullable LazyGap lazy) {
  /** The vectors at hand: left (rows,rank), right (rank,columns); one of them may be missing. */
  record Sides(@Nullable Tensor left, @Nullable Tensor right) {
    Tensor project(Backend backend, Scope scope, Tensor g) {
      Tensor x = g;
      if (left != null) {
        x = scope.floats(left.columns(), g.columns());
        backend.matmul(left, true, g, false, x, 1, 0);
      }
      if (right == null) {
        return x;
      }
      Tensor low = scope.floats(x.dim(0), right.dim(0));
      backend.matmul(x, false, right, true, low, 1, 0);
      return low;
    }

    /** {@code to += alpha * left low right}. */
    void addBack(Backend backend, Scope scope, Tensor low, Tensor to, float alpha) {
      if (left == null) {
        backend.matmul(low, false, Objects.requireNonNull(right), false, to, alpha, 1);
        return;
      }
      Tensor x = low;
      if (right != null) {
        x = scope.floats(low.dim(0), right.columns());
        backend.matmul(low, false, right, false, x, 1, 0);
      }
      backend.matmul(left, false, x, false, to, alpha, 1);
    }
  }

  private long rank(long[] shape) {
    return Math.min(rank, Math.min(shape[0], shape[1]));
  }

  /** Shape of a projected matrix. */
  long[] low(long[] shape) {
    return new long[] {projection.left(shape[0], shape[1]) ? rank(shape) : shape[0],
        projection.right(shape[0], shape[1]) ? rank(shape) : shape[1]};
  }

  List<StateSpec> state(long[] shape) {
    List<StateSpec> state = new ArrayList<>();
    if (projection.left(shape[0], shape[1])) {
      add(state, "left", shape[0], rank(shape));
    }
    if (projection.right(shape[0], shape[1])) {
      add(state, "right", rank(shape), shape[1]);
    }
    if (lazy != null) {
      state.addAll(lazy.state(projection.left(shape[0], shape[1]) ? shape[0] : shape[1]));
    }
    return state;
  }

  private void add(List<StateSpec> state, String side, long rows, long columns) {
    if (packing == null) {
      state.add(StateSpec.floats(side, rows, columns));
    } else {
      state.addAll(packing.state(side, rows * columns));
    }
  }

  /** Decomposes the gradient if it is time. */
  void refresh(Backend backend, Move move) {
    int now = lazy == null ? gap : lazy.gap(backend, move.state(), gap);
    if ((move.step() - 1) % now != 0) {
      return;
    }
    long[] shape = move.value().shape();
    int kept = (int) rank(shape);
    Basis.Vectors vectors = basis.of(Host.floats(backend, move.gradient()), (int) shape[0], (int) shape[1], kept);
    boolean left = projection.left(shape[0], shape[1]);
    if (left) {
      write(backend, move, "left", vectors.left());
    }
    if (projection.right(shape[0], shape[1])) {
      write(backend, move, "right", vectors.right());
    }
    if (lazy != null) {
      lazy.made(backend, move.state(), vectors, left, kept, gap);
    }
  }

  private void write(Backend backend, Move move, String side, float[] vectors) {
    if (packing == null) {
      Host.put(backend, vectors, Host.part(move.state(), side));
    } else {
      packing.write(backend, move.state(), side, vectors);
    }
  }

  Sides sides(Backend backend, Scope scope, Move move) {
    long[] shape = move.value().shape();
    return new Sides(
        projection.left(shape[0], shape[1]) ? read(backend, scope, move, "left", shape[0], rank(shape)) : null,
        projection.right(shape[0], shape[1]) ? read(backend, scope, move, "right", rank(shape), shape[1]) : null);
  }

  private Tensor read(Backend backend, Scope scope, Move move, String side, long rows, long columns) {
    return packing == null ? Host.part(move.state(), side)
        : packing.read(backend, scope, move.state(), side, rows, columns);
  }
}
