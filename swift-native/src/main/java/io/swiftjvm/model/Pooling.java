package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * One vector for each text of a pass, for classifiers, embeddings and rerankers.
 *
 * {@snippet :
 * Tensor hidden = model.hidden(pass, ids, positions); // (n,C), two texts of 3 and 4 tokens
 * Tensor vectors = Pooling.LAST.of(pass.ops(), hidden, 0, 3, 7); // (2,C)
 * }
 */
public enum Pooling {
  /** The last token: what a decoder-only classifier looks at. */
  LAST,
  /** The first token. */
  FIRST,
  /** The mean of all tokens. */
  MEAN;

  /** hidden (n,C) of texts {@code [cuSeqlens[i], cuSeqlens[i+1])}, none of them empty, to (texts,C); differentiable. */
  public Tensor of(Ops ops, Tensor hidden, int... cuSeqlens) {
    int texts = cuSeqlens.length - 1;
    for (int i = 0; i < texts; i++) {
      if (cuSeqlens[i] >= cuSeqlens[i + 1]) {
        throw new IllegalArgumentException("text " + i + " has no tokens to take a vector from");
      }
    }
    return switch (this) {
      case LAST -> ops.selectRows(
          hidden, ops.scope().ints(IntStream.range(0, texts).map(i -> cuSeqlens[i + 1] - 1).toArray()));
      case FIRST -> ops.selectRows(
          hidden, ops.scope().ints(IntStream.range(0, texts).map(i -> cuSeqlens[i]).toArray()));
      case MEAN -> {
        int[] text = new int[(int) hidden.rows()];
        float[] share = new float[texts];
        for (int i = 0; i < texts; i++) {
          Arrays.fill(text, cuSeqlens[i], cuSeqlens[i + 1], i);
          share[i] = 1f / (cuSeqlens[i + 1] - cuSeqlens[i]);
        }
        Tensor sums = Slices.scatterRows(ops, hidden, ops.scope().ints(text), texts);
        yield Broadcasts.multiplyColumn(ops, sums, ops.scope().floats(share, texts));
      }
    };
  }
}
