package io.swiftjvm.backend.nd4j;

import io.swiftjvm.backend.Unary;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.api.ops.impl.transforms.floating.RSqrt;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Negative;
import org.nd4j.linalg.api.ops.impl.transforms.same.Reciprocal;
import org.nd4j.linalg.api.ops.impl.transforms.same.Square;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Swish;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;

/** Elementwise functions and their slopes as ND4J has them. Its GELUs are approximations of ours, hence the formulas. */
final class Functions {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
  /** The tanh form of GELU (arXiv 1606.08415). */
  private static final double GELU_A = Math.sqrt(2 / Math.PI);
  private static final double GELU_B = 0.044715;

  private Functions() {}

  static void apply(Unary op, INDArray x, INDArray z) {
    switch (op) {
      case GELU -> {
        try (INDArray wide = x.castTo(DataType.DOUBLE); INDArray phi = phi(wide)) {
          z.assign(phi.muli(wide));
        }
      }
      case GELU_TANH -> {
        try (INDArray wide = x.castTo(DataType.DOUBLE); INDArray t = tanh(wide)) {
          z.assign(t.addi(1).muli(wide).muli(0.5));
        }
      }
      // Its float32 version loses small arguments.
      case TANH -> {
        try (INDArray wide = x.castTo(DataType.DOUBLE)) {
          Nd4j.getExecutioner().exec(new Tanh(wide, wide));
          z.assign(wide);
        }
      }
      default -> Nd4j.getExecutioner().exec(simple(op, x, z));
    }
  }

  private static Op simple(Unary op, INDArray x, INDArray z) {
    return switch (op) {
      case NEGATE -> new Negative(x, z);
      case EXP -> new Exp(x, z);
      case LOG -> new Log(x, z);
      case SQRT -> new Sqrt(x, z);
      case RSQRT -> new RSqrt(x, z);
      case RECIPROCAL -> new Reciprocal(x, z);
      case SQUARE -> new Square(x, z);
      case RELU -> new RectifiedLinear(x, z, 0);
      case SIGMOID -> new Sigmoid(x, z);
      case SILU -> new Swish(x, z);
      default -> throw new IllegalArgumentException(op + " is composed");
    };
  }

  /** The normal distribution; in double, for its tail is a difference of nearly equal numbers. */
  private static INDArray phi(INDArray wide) {
    INDArray erf = wide.mul(SQRT_HALF);
    Nd4j.getExecutioner().exec(new Erf(erf, erf));
    return erf.addi(1).muli(0.5);
  }

  private static INDArray tanh(INDArray wide) {
    INDArray u = wide.mul(wide).muli(GELU_B).addi(1).muli(wide).muli(GELU_A);
    Nd4j.getExecutioner().exec(new Tanh(u, u));
    return u;
  }

  /** The slope of an activation at x in float32. */
  static INDArray slope(Unary op, INDArray x) {
    if (op == Unary.RELU) {
      INDArray step = x.dup();
      Nd4j.getExecutioner().exec(new Step(step, step, 0));
      return step;
    }
    try (INDArray wide = x.castTo(DataType.DOUBLE); INDArray slope = wideSlope(op, wide)) {
      return slope.castTo(DataType.FLOAT);
    }
  }

  private static INDArray wideSlope(Unary op, INDArray x) {
    INDArray y = x.dup();
    switch (op) {
      case SIGMOID -> {
        Nd4j.getExecutioner().exec(new Sigmoid(y, y));
        return y.muli(y.rsub(1));
      }
      case TANH -> {
        Nd4j.getExecutioner().exec(new Tanh(y, y));
        return y.muli(y).rsubi(1);
      }
      case SILU -> {
        Nd4j.getExecutioner().exec(new Sigmoid(y, y));
        return y.muli(y.rsub(1).muli(x).addi(1));
      }
      case GELU -> {
        INDArray density = x.mul(x).muli(-0.5);
        Nd4j.getExecutioner().exec(new Exp(density, density));
        return density.muli(INV_SQRT_2PI).muli(x).addi(phi(x));
      }
      case GELU_TANH -> {
        INDArray t = tanh(x);
        INDArray inner = x.mul(x).muli(3 * GELU_B).addi(1).muli(GELU_A).muli(x).muli(t.mul(t).rsubi(1));
        return inner.addi(t).addi(1).muli(0.5);
      }
      default -> throw new IllegalArgumentException(op + " is not an activation: RELU, SIGMOID, TANH, SILU, GELU, "
          + "GELU_TANH are");
    }
  }
}
