package io.swiftjvm.backend.cpu;

import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Single elements: access to memory, conversions, functions and their derivatives. */
final class Scalars {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
  private static final double INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
  /** {@code sqrt(2/pi)} and the cubic coefficient of the tanh form of GELU (arXiv 1606.08415). */
  private static final double GELU_A = Math.sqrt(2 / Math.PI);
  private static final double GELU_B = 0.044715;

  private Scalars() {}

  static float get(MemorySegment x, long i) {
    return x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, i << 2);
  }

  static void set(MemorySegment x, long i, float value) {
    x.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i << 2, value);
  }

  static int id(MemorySegment x, long i) {
    return x.get(ValueLayout.JAVA_INT_UNALIGNED, i << 2);
  }

  /** An element of any float type, widened. */
  static float get(MemorySegment x, DType type, long i) {
    return switch (type) {
      case F32 -> get(x, i);
      case BF16 -> Float.intBitsToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, i << 1) << 16);
      case F16 -> Float.float16ToFloat(x.get(ValueLayout.JAVA_SHORT_UNALIGNED, i << 1));
      case F8_E4M3, F8_E5M2 -> Float8.widen(type, x.get(ValueLayout.JAVA_BYTE, i));
      case NF4, Q8_BLOCK, F8_BLOCK -> QuantBlocks.get(x, type, i);
      default -> throw new IllegalArgumentException("not stored row by row: " + type);
    };
  }

  /** An element of a matrix of weights of any type, widened. */
  static float get(MemorySegment x, DType type, long columns, long row, long column) {
    return type.tileRows() == 1 ? get(x, type, row * columns + column) : QuantTiles.get(x, type, columns, row, column);
  }

  /** Rounds to nearest even. */
  static void set(MemorySegment x, DType type, long i, float value) {
    switch (type) {
      case F32 -> set(x, i, value);
      case BF16 -> x.set(ValueLayout.JAVA_SHORT_UNALIGNED, i << 1, toBf16(value));
      case F16 -> x.set(ValueLayout.JAVA_SHORT_UNALIGNED, i << 1, Float.floatToFloat16(value));
      case F8_E4M3, F8_E5M2 -> x.set(ValueLayout.JAVA_BYTE, i, Float8.round(type, value));
      default -> throw new IllegalArgumentException("not a float type: " + type);
    }
  }

  static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /** Where the first of the greatest of n elements is; -1 if there is none above negative infinity or one is NaN. */
  static int argmax(MemorySegment x, long from, long n) {
    int best = -1;
    float most = Float.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      float v = get(x, from + i);
      if (v > most) {
        most = v;
        best = (int) i;
      } else if (Float.isNaN(v)) {
        return -1;
      }
    }
    return best;
  }

  static float binary(Binary op, float a, float b) {
    return switch (op) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case MAX -> Math.max(a, b);
    };
  }

  static float unary(Unary op, float x) {
    return switch (op) {
      case NEGATE -> -x;
      case EXP -> (float) Math.exp(x);
      case LOG -> (float) Math.log(x);
      case SQRT -> (float) Math.sqrt(x);
      case RSQRT -> (float) (1 / Math.sqrt(x));
      case RECIPROCAL -> 1 / x;
      case SQUARE -> x * x;
      case RELU -> Math.max(x, 0);
      case SIGMOID -> (float) sigmoid(x);
      case TANH -> (float) Math.tanh(x);
      case SILU -> (float) (x * sigmoid(x));
      case GELU -> (float) (0.5 * x * (1 + erf(x * SQRT_HALF)));
      case GELU_TANH -> (float) (0.5 * x * (1 + Math.tanh(GELU_A * x * (1 + GELU_B * x * x))));
    };
  }

  static float derivative(Unary op, float x) {
    return switch (op) {
      case RELU -> x > 0 ? 1 : 0;
      case SIGMOID -> {
        double s = sigmoid(x);
        yield (float) (s * (1 - s));
      }
      case TANH -> {
        double t = Math.tanh(x);
        yield (float) (1 - t * t);
      }
      case SILU -> {
        double s = sigmoid(x);
        yield (float) (s * (1 + x * (1 - s)));
      }
      case GELU -> (float) (0.5 * (1 + erf(x * SQRT_HALF)) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x));
      case GELU_TANH -> {
        double t = Math.tanh(GELU_A * x * (1 + GELU_B * x * x));
        yield (float) (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_A * (1 + 3 * GELU_B * x * x));
      }
      default -> throw new IllegalArgumentException(op + " has no derivative here");
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** The all-positive series {@code 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!}; beyond 6 the result is 1. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (a >= 6) {
      return Math.signum(x);
    }
    double term = a;
    double sum = a;
    for (int n = 1; term > 1e-17 * sum; n++) {
      term *= 2 * a * a / (2 * n + 1);
      sum += term;
    }
    return Math.copySign(Math.min(1, TWO_OVER_SQRT_PI * Math.exp(-a * a) * sum), x);
  }

  /** Uniform in [0,1) with 24 bits: the SplitMix64 finaliser of key and index. */
  static float uniform(long key, long index) {
    long z = key + (index + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return ((z ^ z >>> 31) >>> 40) * 0x1p-24f;
  }
}
