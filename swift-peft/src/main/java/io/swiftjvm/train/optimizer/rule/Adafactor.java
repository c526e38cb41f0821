package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Adafactor (arXiv 1804.04235) with a given rate, as transformers runs it: the second moment of a matrix is kept as the
 * outer product of its row and column means, {@code b2 = 1 - t^decayRate}; the update is scaled down to a root mean
 * square of {@code clip}; decay is decoupled.
 *
 * @param epsilon added to the squared gradient, above 0; default 1e-30
 * @param clip largest root mean square of an update, above 0; default 1
 * @param decayRate -1 .. below 0; default -0.8
 */
public record Adafactor(double epsilon, double clip, double decayRate) implements HostRule {
  @Override
  public List<StateSpec> state(long[] shape) {
    return SecondMoment.state(shape);
  }

  @Override
  public void move(HostMove m) {
    double share = Math.pow(m.step(), decayRate);
    SecondMoment moment = SecondMoment.of(m);
    moment.add(m, epsilon, share);
    double[] update = new double[m.value().length];
    double mean = moment.rowMean();
    m.each(i -> update[i] = m.gradient()[i] / Math.sqrt(moment.at(i, mean)));
    double scale = m.rate() / Math.max(1, SecondMoment.rms(update) / clip);
    m.shrink();
    m.each(i -> m.subtract(i, scale * update[i]));
  }
}
