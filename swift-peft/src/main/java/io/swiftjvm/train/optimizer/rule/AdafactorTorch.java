package io.swiftjvm.train.optimizer.rule;

import java.util.List;

/**
 * Adafactor (arXiv 1804.04235) as torch.optim has it: the step is relative to the size of the parameter, {@code
 * max(floor, rms(p)) min(rate, 1/sqrt(t))}, and updates above a root mean square of {@code clip} are scaled down.
 *
 * @param floor smallest parameter size that counts, above 0; default 1e-3
 * @param clip above 0; default 1
 * @param decayRate -1 .. below 0; default -0.8
 */
public record AdafactorTorch(double floor, double clip, double decayRate) implements HostRule {
  private static final double EPSILON = Math.ulp(1f);

  @Override
  public List<StateSpec> state(long[] shape) {
    return SecondMoment.state(shape);
  }

  @Override
  public void move(HostMove m) {
    double square = 0;
    for (float v : m.value()) {
      square += (double) v * v;
    }
    double size = Math.max(floor, Math.sqrt(square / m.value().length))
        * Math.min(m.rate(), 1 / Math.sqrt(m.step()));
    m.shrink();
    SecondMoment moment = SecondMoment.of(m);
    moment.add(m, 0, Math.pow(m.step(), decayRate));
    double mean = Math.max(moment.rowMean(), EPSILON);
    double[] update = new double[m.value().length];
    m.each(i -> update[i] = m.gradient()[i] / Math.sqrt(Math.max(moment.at(i, mean), EPSILON * EPSILON)));
    double scale = size / Math.max(1, SecondMoment.rms(update) / clip);
    m.each(i -> m.subtract(i, scale * update[i]));
  }
}
