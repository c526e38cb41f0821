/* Functions of one and two arguments, numbered as the enums of io.swiftjvm.backend. */
#ifndef SWIFT_FUNCTIONS_CUH
#define SWIFT_FUNCTIONS_CUH
#include "common.cuh"

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM };
enum { NEGATE, EXP, LOG, SQRT, RSQRT, RECIPROCAL, SQUARE, RELU, SIGMOID, TANH, SILU, GELU, GELU_TANH };

#define SQRT_HALF 0.70710678118654752f
#define INV_SQRT_2PI 0.39894228040143268f
#define GELU_A 0.79788456080286536f /* sqrt(2/pi), arXiv 1606.08415 */
#define GELU_B 0.044715f

DEVICE float apply(int op, float a, float b) {
  switch (op) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    case DIVIDE: return a / b;
    default: return Max::of(a, b);
  }
}

DEVICE float sigmoid(float x) { return 1 / (1 + expf(-x)); }

DEVICE float apply(int op, float x) {
  switch (op) {
    case NEGATE: return -x;
    case EXP: return expf(x);
    case LOG: return logf(x);
    case SQRT: return sqrtf(x);
    case RSQRT: return 1 / sqrtf(x);
    case RECIPROCAL: return 1 / x;
    case SQUARE: return x * x;
    case RELU: return x < 0 ? 0 : x;
    case SIGMOID: return sigmoid(x);
    case TANH: return tanhf(x);
    case SILU: return x * sigmoid(x);
    case GELU: return 0.5f * x * erfcf(-x * SQRT_HALF);
    default: return 0.5f * x * (1 + tanhf(GELU_A * x * (1 + GELU_B * x * x)));
  }
}

DEVICE float derivative(int op, float x) {
  switch (op) {
    case RELU: return x > 0 ? 1 : 0;
    case SIGMOID: {
      float s = sigmoid(x);
      return s * (1 - s);
    }
    case TANH: {
      float t = tanhf(x);
      return 1 - t * t;
    }
    case SILU: {
      float s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case GELU: return 0.5f * erfcf(-x * SQRT_HALF) + x * INV_SQRT_2PI * expf(-0.5f * x * x);
    default: {
      float t = tanhf(GELU_A * x * (1 + GELU_B * x * x));
      return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * GELU_A * (1 + 3 * GELU_B * x * x);
    }
  }
}
#endif
