package io.swiftjvm.infer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What the model thought of one token, before penalties and temperature.
 *
 * @param token the chosen one
 * @param logprob its log-probability
 * @param top the best ones in falling order, id to log-probability
 */
public record TokenLogprob(int token, double logprob, Map<Integer, Double> top) {
  static TokenLogprob of(float[] logits, int token, int count) {
    double norm = Scores.logSumExp(logits);
    Map<Integer, Double> top = new LinkedHashMap<>();
    if (count > 0) {
      float least = Scores.kthGreatest(logits, count);
      IntStream.range(0, logits.length).filter(i -> logits[i] >= least).boxed()
          .sorted((a, b) -> Float.compare(logits[b], logits[a])).limit(count)
          .forEach(i -> top.put(i, logits[i] - norm));
    }
    return new TokenLogprob(token, logits[token] - norm, top);
  }
}
