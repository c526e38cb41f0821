package io.swiftjvm.bench.kernel;

import io.swiftjvm.backend.AdamStep;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Reduction;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Kernels that pass over rows or elements once: memory decides, so they are measured in bytes. */
final class Rows {
  private static final int ROWS = 2048;
  private static final int COLUMNS = 3072;

  private Rows() {}

  static Map<String, Bench> all() {
    Map<String, Bench> all = new TreeMap<>();
    AdamStep step = new AdamStep(1e-9f, 0.9f, 0.999f, 1e-8f, 0, 1, 1, 1);
    all.put("adamw", t -> on(t, 7, (b, x) -> b.adamW(x[0], x[1], x[2], x[3], step), 4));
    all.put("axpy", t -> on(t, 3, (b, x) -> b.axpy(1e-9f, x[0], x[1]), 2));
    all.put("binary_add", t -> on(t, 3, (b, x) -> b.binary(Binary.ADD, x[0], x[1], x[2]), 3));
    all.put("copy", t -> on(t, 2, (b, x) -> b.copy(x[0], x[1]), 2));
    all.put("dropout", t -> on(t, 2, (b, x) -> b.dropout(x[0], 0.1f, 7, x[1]), 2));
    all.put("fill", t -> on(t, 1, (b, x) -> b.fill(x[0], 1), 1));
    all.put("gated_silu", t -> on(t, 3, (b, x) -> b.gated(Unary.SILU, x[0], x[1], x[2]), 3));
    all.put("gated_silu_backward", t -> on(t, 5, (b, x) -> b.gatedBackward(Unary.SILU, x[0], x[1], x[2], x[3], x[4]), 5));
    all.put("is_finite", t -> on(t, 1, (b, x) -> b.isFinite(x[0]), 1));
    all.put("scale", t -> on(t, 2, (b, x) -> b.scale(x[0], 0.5f, x[1]), 2));
    all.put("softmax", t -> on(t, 2, (b, x) -> b.softmax(x[0], x[1]), 2));
    all.put("sum_squares", t -> on(t, 1, (b, x) -> b.sumSquares(x[0]), 1));
    all.put("unary_gelu", t -> on(t, 2, (b, x) -> b.unary(Unary.GELU, x[0], x[1]), 2));
    all.put("unary_silu", t -> on(t, 2, (b, x) -> b.unary(Unary.SILU, x[0], x[1]), 2));
    all.put("unary_silu_backward", t -> on(t, 3, (b, x) -> b.unaryBackward(Unary.SILU, x[0], x[1], x[2]), 3));
    all.put("cast_bf16", t -> {
      Tensor narrow = t.weights(DType.BF16, ROWS, COLUMNS);
      Tensor wide = t.floats(ROWS, COLUMNS);
      return new Work(0, narrow.bytes() + wide.bytes(), () -> t.backend().cast(narrow, wide));
    });
    all.put("cross_entropy", t -> {
      Tensor logits = t.floats(64, 32_768);
      Tensor labels = t.scope().ints(new int[64]);
      Tensor nll = t.floats(64);
      return new Work(0, logits.bytes(), () -> t.backend().crossEntropy(logits, labels, nll, null));
    });
    all.put("gather_rows", t -> {
      Tensor table = t.weights(DType.BF16, 32_768, 1024);
      Tensor ids = t.scope().ints(IntStream.range(0, ROWS).map(i -> i * 61 % 32_768).toArray());
      Tensor out = t.floats(ROWS, 1024);
      return new Work(0, out.bytes() * 1.5, () -> t.backend().gatherRows(table, ids, out));
    });
    all.put("scatter_add_rows", t -> {
      Tensor table = t.floats(4096, 1024);
      Tensor ids = t.scope().ints(IntStream.range(0, ROWS).map(i -> i * 61 % 4096).toArray());
      Tensor rows = t.floats(ROWS, 1024);
      return new Work(0, rows.bytes() * 3.0, () -> t.backend().scatterAddRows(rows, ids, table));
    });
    all.put("reduce_columns", t -> {
      Tensor x = t.floats(ROWS, COLUMNS);
      Tensor out = t.floats(ROWS);
      return new Work(0, x.bytes(), () -> t.backend().reduceColumns(Reduction.MAX, x, out));
    });
    all.put("sum_rows", t -> {
      Tensor x = t.floats(ROWS, COLUMNS);
      Tensor out = t.floats(COLUMNS);
      return new Work(0, x.bytes(), () -> t.backend().sumRows(x, out, 0));
    });
    all.put("slice_paste_columns", t -> {
      Tensor x = t.floats(ROWS, COLUMNS);
      Tensor part = t.floats(ROWS, 1024);
      return new Work(0, part.bytes() * 4.0, () -> {
        t.backend().sliceColumns(x, 1000, part);
        t.backend().pasteColumns(part, x, 1000);
      });
    });
    all.put("rms_norm", t -> {
      Tensor w = t.weights(DType.BF16, COLUMNS);
      Tensor rstd = t.floats(ROWS);
      return on(t, 2, (b, x) -> b.rmsNorm(x[0], w, 0, 1e-6f, x[1], rstd), 2);
    });
    all.put("rms_norm_backward", t -> {
      Tensor w = t.weights(DType.BF16, COLUMNS);
      Tensor rstd = t.floats(ROWS);
      return on(t, 3, (b, x) -> b.rmsNormBackward(x[0], w, 0, rstd, x[1], x[2], null), 3);
    });
    all.put("rope", t -> {
      Tensor x = t.scope().floats(ROWS, 16, 128);
      t.backend().fill(x, 1);
      Tensor cos = t.floats(ROWS, 64);
      Tensor sin = t.floats(ROWS, 64);
      return new Work(0, 2.0 * x.bytes(), () -> t.backend().rope(x, cos, sin, false, false, x));
    });
    return all;
  }

  private interface Call {
    void on(Backend backend, Tensor[] x);
  }

  /** A call on {@code count} tensors of 2,048 rows by 3,072 that reads and writes {@code passes} of them in all. */
  private static Work on(Inputs t, int passes, Call call, int count) {
    Tensor[] x = new Tensor[count];
    for (int i = 0; i < count; i++) {
      x[i] = t.floats(ROWS, COLUMNS);
    }
    return new Work(0, 4.0 * ROWS * COLUMNS * passes, () -> call.on(t.backend(), x));
  }
}
