package io.swiftjvm.autograd;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.Tensor;
import java.util.List;

/** Differentiable operations that take tensors apart and put them together. */
public final class Slices {
  private Slices() {}

  /** Columns {@code [from, from + count)} of x (rows,columns) -> (rows,count). */
  public static Tensor columns(Ops ops, Tensor x, long from, long count) {
    Backend backend = ops.backend();
    Tensor y = ops.floats(x.rows(), count);
    backend.sliceColumns(x.view(x.rows(), x.columns()), from, y);
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> {
      Tensor wide = s.floats(x.shape());
      backend.fill(wide, 0);
      backend.pasteColumns(dy.view(x.rows(), count), wide.view(x.rows(), x.columns()), from);
      into.add(x, wide);
    });
  }

  /** Tensors of equal rows side by side -> (rows, sum of columns). */
  public static Tensor joinColumns(Ops ops, List<Tensor> parts) {
    Backend backend = ops.backend();
    long rows = parts.getFirst().rows();
    long columns = parts.stream().mapToLong(Tensor::columns).sum();
    Tensor y = ops.floats(rows, columns);
    long at = 0;
    for (Tensor part : parts) {
      backend.pasteColumns(part.view(rows, part.columns()), y, at);
      at += part.columns();
    }
    return ops.track(parts.stream().anyMatch(Tensor::requiresGrad), y, (dy, into, s) -> {
      long from = 0;
      for (Tensor part : parts) {
        if (part.requiresGrad()) {
          Tensor d = s.floats(part.shape());
          backend.sliceColumns(dy.view(rows, columns), from, d.view(rows, part.columns()));
          into.add(part, d);
        }
        from += part.columns();
      }
    });
  }

  /** Rows {@code [from, from + count)} of x (rows,columns), sharing memory. */
  public static Tensor rows(Ops ops, Tensor x, long from, long count) {
    Tensor flat = x.view(x.rows(), x.columns());
    Tensor y = flat.slice(from, count);
    if (!ops.recording() || !x.requiresGrad()) {
      return y;
    }
    // A copy: gradients are kept by place in memory, and row 0 of the slice may be row 0 of x.
    Tensor copy = ops.floats(count, x.columns());
    ops.backend().copy(y, copy);
    return ops.track(true, copy, (dy, into, s) ->
        ops.backend().axpy(1, dy.view(count, x.columns()), into.getOrZero(x).view(flat.shape()).slice(from, count)));
  }

  /** Tensors of equal columns one below the other. */
  public static Tensor joinRows(Ops ops, List<Tensor> parts) {
    Backend backend = ops.backend();
    long columns = parts.getFirst().columns();
    Tensor y = ops.floats(parts.stream().mapToLong(Tensor::rows).sum(), columns);
    long at = 0;
    for (Tensor part : parts) {
      backend.copy(part.view(part.rows(), columns), y.slice(at, part.rows()));
      at += part.rows();
    }
    return ops.track(parts.stream().anyMatch(Tensor::requiresGrad), y, (dy, into, s) -> {
      long from = 0;
      for (Tensor part : parts) {
        if (part.requiresGrad()) {
          into.addCopy(part, dy.view(y.shape()).slice(from, part.rows()));
        }
        from += part.rows();
      }
    });
  }

  /** {@code y[ids[i]] += x[i]} on zeros (count,columns): the opposite of {@link Ops#selectRows}. */
  public static Tensor scatterRows(Ops ops, Tensor x, Tensor ids, long count) {
    Backend backend = ops.backend();
    Tensor y = ops.floats(count, x.columns());
    backend.fill(y, 0);
    backend.scatterAddRows(x.view(x.rows(), x.columns()), ids, y);
    return ops.track(x.requiresGrad(), y, (dy, into, s) -> {
      Tensor dx = s.floats(x.shape());
      backend.gatherRows(dy.view(count, x.columns()), ids, dx.view(x.rows(), x.columns()));
      into.add(x, dx);
    }, ids);
  }
}
