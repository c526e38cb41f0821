package io.swiftjvm.train;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ObjDoubleConsumer;
import org.jspecify.annotations.Nullable;

/** The loss by channel: added up over tokens, told as means. */
public final class ChannelLoss {
  private final Map<String, Double> sums = new TreeMap<>();
  private final Map<String, Long> tokens = new TreeMap<>();

  /** Adds the labelled tokens of a batch, each with its loss in {@code nll}, in order; rows without a channel are left out. */
  public void add(Batch batch, float[] nll) {
    float[] weights = batch.weights();
    int at = 0;
    for (int row = 0; row + 1 < batch.cuSeqlens().length && !batch.facts().isEmpty(); row++) {
      RowFacts facts = batch.facts().get(row);
      for (int i = batch.cuSeqlens()[row]; i < batch.cuSeqlens()[row + 1]; i++) {
        if (batch.labels()[i] >= 0) {
          double loss = nll[at++] * (weights == null ? 1.0 : weights[i]);
          add(facts.channel(), loss, 1);
        }
      }
    }
  }

  private void add(@Nullable String channel, double sum, long count) {
    if (channel != null) {
      sums.merge(channel, sum, Double::sum);
      tokens.merge(channel, count, Long::sum);
    }
  }

  /** Adds those of a step. */
  public void add(TrainEvent.Channels step) {
    step.sums().forEach((channel, sum) -> add(channel, sum, step.tokens().getOrDefault(channel, 0L)));
  }

  /** The event of a step; null where no row has a channel. */
  TrainEvent.@Nullable Channels take(int step) {
    if (sums.isEmpty()) {
      return null;
    }
    TrainEvent.Channels event = new TrainEvent.Channels(step, Map.copyOf(sums), Map.copyOf(tokens));
    clear();
    return event;
  }

  /** Tells the mean of each channel under {@code loss_<channel>}, and begins anew. */
  public void drain(ObjDoubleConsumer<String> to) {
    sums.forEach((channel, sum) -> to.accept("loss_" + channel, sum / tokens.getOrDefault(channel, 1L)));
    clear();
  }

  private void clear() {
    sums.clear();
    tokens.clear();
  }
}
