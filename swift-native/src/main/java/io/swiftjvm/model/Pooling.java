package io.swiftjvm.model;

import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Slices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ConfigSection;
import io.swiftjvm.hub.ModelFolder;
import io.swiftjvm.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  private static final String FOLDER = "1_Pooling";

  /**
   * How the embedding model in {@code folder} pools, by its {@code 1_Pooling/config.json} in the layout of
   * sentence-transformers; {@link #LAST} where it has none.
   *
   * @throws InvalidPlanException if it asks for a way that is not here
   */
  public static Pooling of(Path folder) {
    Path settings = folder.resolve(FOLDER);
    Optional<Path> file =
        Files.isDirectory(settings) ? ModelFolder.of(settings).find("config.json") : Optional.empty();
    if (file.isEmpty()) {
      return LAST;
    }
    ConfigSection json = ConfigSection.read(file.get());
    Map<String, Pooling> known =
        Map.of("pooling_mode_lasttoken", LAST, "pooling_mode_cls_token", FIRST, "pooling_mode_mean_tokens", MEAN);
    List<Pooling> asked =
        known.entrySet().stream().filter(mode -> json.bool(mode.getKey(), false)).map(Map.Entry::getValue).toList();
    if (asked.size() != 1) {
      throw new InvalidPlanException(file.get() + " asks for " + (asked.isEmpty() ? "no pooling that is known here"
          : "several poolings at once") + "; known are " + known.keySet() + ", one of them true.");
    }
    return asked.getFirst();
  }

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
