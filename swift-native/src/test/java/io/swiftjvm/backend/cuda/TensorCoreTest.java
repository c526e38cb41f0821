package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products on tensor cores against the float32 products of what they round their operands to. */
class TensorCoreTest {
  private static float[] product(
      Backend backend, DType rounded, DType type, boolean ta, boolean tb, int m, int n, int k) {
    try (Scope scope = new Scope(backend)) {
      Random random = new Random(3);
      Tensor a = random(scope, random, ta ? k : m, ta ? m : k);
      Tensor b = random(scope, random, tb ? n : k, tb ? k : n);
      Tensor weights = scope.tensor(type, b.shape());
      if (type.isQuantised()) {
        backend.quantize(b, weights);
      } else {
        backend.cast(b, weights);
      }
      if (backend instanceof CpuBackend) {
        round(backend, scope, a, rounded);
        Tensor wide = scope.floats(b.shape());
        backend.cast(weights, wide);
        round(backend, scope, wide, rounded);
        weights = wide;
      }
      Tensor out = random(scope, random, m, n);
      backend.matmul(a, ta, weights, tb, out, 0.5f, 0.25f);
      return out.toFloats();
    }
  }

  private static Tensor random(Scope scope, Random random, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.floats(values, rows, columns);
  }

  /** TF32 has fp16's mantissa, and these numbers have no other exponents. */
  private static void round(Backend backend, Scope scope, Tensor x, DType to) {
    Tensor narrow = scope.tensor(to, x.shape());
    backend.cast(x, narrow);
    backend.cast(narrow, x);
  }

  @ParameterizedTest
  @CsvSource({"9,1,7", "17,33,40", "128,128,32", "130,70,100", "40,260,31", "12,16,700"})
  void products_are_those_of_the_rounded_operands_in_all_transpositions(int m, int n, int k) {
    try (CudaBackend cuda = FakeCuda.open(); CpuBackend cpu = new CpuBackend(1)) {
      for (int mode = 0; mode < 4; mode++) {
        for (DType type : new DType[] {DType.BF16, DType.F16, DType.F32}) {
          cuda.tf32(type == DType.F32);
          compare(cuda, cpu, type == DType.BF16 ? DType.BF16 : DType.F16, type, (mode & 1) != 0, (mode & 2) != 0, m, n, k,
              type == DType.BF16 ? 2e-6 : 6e-4);
        }
      }
      assertThat(cuda.fallbacks().counts()).isEmpty();
    }
  }

  /** TF32's rounding of halves is away from zero, fp16's to even: one unit of 2^-11 now and then. */
  private static void compare(
      CudaBackend cuda, CpuBackend cpu, DType rounded, DType type, boolean ta, boolean tb, int m, int n, int k,
      double tolerance) {
    float[] expected = product(cpu, rounded, type, ta, tb, m, n, k);
    float[] found = product(cuda, rounded, type, ta, tb, m, n, k);
    double bound = tolerance * 4 * Math.sqrt(k + 16);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i]).as("%s ta %s tb %s [%d]", type, ta, tb, i).isCloseTo(expected[i], within(bound));
    }
  }

  /** The bits that stay, and where halves go: to even for bf16, away from zero for TF32. */
  @ParameterizedTest
  @CsvSource({"BF16,7,false", "F32,10,true", "F16,10,true"})
  void the_left_side_is_rounded_to_the_nearest(DType type, int bits, boolean away) {
    float unit = (float) Math.scalb(1, -bits);
    float[] values = {1 + unit / 2, 1 + unit * 3 / 2, 1 + unit / 4, 1 + unit * 3 / 4, -1 - unit / 2, -1 - unit * 3 / 4,
        Float.NaN, Float.POSITIVE_INFINITY, 3};
    float first = away ? 1 + unit : 1;
    float[] expected = {first, 1 + 2 * unit, 1, 1 + unit, -first, -1 - unit, Float.NaN, Float.POSITIVE_INFINITY, 3};
    try (CudaBackend cuda = FakeCuda.open().tf32(true); Scope scope = new Scope(cuda)) {
      Tensor one = scope.tensor(type, 1, 1);
      cuda.cast(scope.floats(new float[] {1}, 1, 1), one);
      Tensor out = scope.floats(values.length, 1);
      cuda.matmul(scope.floats(values, values.length, 1), false, one, true, out, 1, 0);
      assertThat(out.toFloats()).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"Q8,37", "Q4,64", "Q4_128_ZERO,150", "NF4,64"})
  void quantised_weights_are_widened_to_bf16_for_many_rows(DType type, int k) {
    try (CudaBackend cuda = FakeCuda.open(); CpuBackend cpu = new CpuBackend(1)) {
      compare(cuda, cpu, DType.BF16, type, false, true, 20, 48, k, 2e-6);
      compare(cuda, cpu, DType.BF16, type, false, false, 20, k, 48, 2e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"Q8,37", "Q8,3000", "Q8_64,100", "Q8_128_ZERO,700", "Q4,100", "Q4_64_ZERO,333", "Q4_128,1030", "NF4,640", "NF4,64", "F8_BLOCK,1280", "F8_BLOCK,128", "Q8_BLOCK,96", "BF16,2056", "F16,77", "F32,520"})
  void few_rows_are_exact_whatever_the_weights(DType type, int k) {
    try (CudaBackend cuda = FakeCuda.open(); CpuBackend cpu = new CpuBackend(1)) {
      for (int m : new int[] {1, 3, 8}) {
        compare(cuda, cpu, DType.F32, type, false, true, m, 33, k, 1e-6);
      }
    }
  }

  @Test
  void a_gpu_without_the_kernels_computes_in_float32_and_says_so() {
    FakeCuda.open().close();
    FakeCuda.control(FakeCuda.Control.CAPABILITY, 75);
    try (CudaBackend cuda = CudaBackend.open(DriverLibrary.at(FakeCuda.file()), 0).cublas(false); CpuBackend cpu = new CpuBackend(1)) {
      compare(cuda, cpu, DType.F32, DType.BF16, false, true, 20, 33, 40, 1e-6);
      assertThat(cuda.fallbacks().counts()).containsKey("matmul by bf16: no tensor cores here, computed in float32");
    } finally {
      FakeCuda.control(FakeCuda.Control.RESET, 0);
    }
  }
}
