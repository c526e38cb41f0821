package io.swiftjvm.train.optimizer.rule;

import java.util.List;
import java.util.stream.IntStream;

/**
 * AdamW with both moments in one byte a value and a scale for each 256 (arXiv 2110.02861): 2 bytes of state instead of
 * 8. Parameters of fewer than 4,096 values keep float32 moments, as in bitsandbytes.
 *
 * @param beta1 decay of the mean, 0 .. below 1
 * @param beta2 decay of the square, 0 .. below 1
 * @param epsilon added to the denominator, above 0
 */
public record AdamW8Bit(double beta1, double beta2, double epsilon) implements HostRule {
  private static final long SMALL = 4096;

  @Override
  public List<StateSpec> state(long[] shape) {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    if (count < SMALL) {
      return exact().state(shape);
    }
    int blocks = DynamicCode.blocks(count);
    return List.of(StateSpec.codes("exp_avg", count), StateSpec.floats("exp_avg.scales", blocks),
        StateSpec.codes("exp_avg_sq", count), StateSpec.floats("exp_avg_sq.scales", blocks));
  }

  private Adam exact() {
    return new Adam(beta1, beta2, epsilon, true, false);
  }

  @Override
  public void move(HostMove m) {
    if (m.value().length < SMALL) {
      exact().move(m);
      return;
    }
    byte[] meanCodes = m.codes("exp_avg");
    float[] meanScales = m.floats("exp_avg.scales");
    byte[] squareCodes = m.codes("exp_avg_sq");
    float[] squareScales = m.floats("exp_avg_sq.scales");
    double rate = m.rate() / (1 - Math.pow(beta1, m.step()));
    double root = Math.sqrt(1 - Math.pow(beta2, m.step()));
    m.shrink();
    IntStream.range(0, meanScales.length).parallel().forEach(block -> {
      int from = block * DynamicCode.BLOCK;
      int size = Math.min(DynamicCode.BLOCK, m.value().length - from);
      double[] mean = new double[size];
      double[] square = new double[size];
      DynamicCode.SIGNED.read(meanCodes, meanScales, block, mean, size);
      DynamicCode.UNSIGNED.read(squareCodes, squareScales, block, square, size);
      for (int i = 0; i < size; i++) {
        double g = m.gradient()[from + i];
        mean[i] = beta1 * mean[i] + (1 - beta1) * g;
        square[i] = beta2 * square[i] + (1 - beta2) * g * g;
        m.subtract(from + i, rate * mean[i] / (Math.sqrt(square[i]) / root + epsilon));
      }
      DynamicCode.SIGNED.write(mean, size, meanCodes, meanScales, block);
      DynamicCode.UNSIGNED.write(square, size, squareCodes, squareScales, block);
    });
  }
}
