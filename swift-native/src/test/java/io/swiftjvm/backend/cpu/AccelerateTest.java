package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.TestLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Products handed to a library that has the signature of Apple's. */
class AccelerateTest {
  @Test
  void many_rows_are_multiplied_by_the_library_and_agree_with_our_kernels() throws Throwable {
    Assumptions.assumeTrue(TestLibrary.possible());
    Path library = TestLibrary.compile("blas.c");
    Accelerate accelerate = Objects.requireNonNull(Accelerate.at(library.toString()));
    int products = 0;
    try (CpuBackend portable = CpuBackend.portable(1);
        CpuBackend mac = new CpuBackend(1, new JavaKernels("asked for"), accelerate)) {
      assertThat(mac.description()).contains("Accelerate (untested)");
      for (DType type : new DType[] {DType.F32, DType.BF16, DType.Q8, DType.F8_BLOCK}) {
        for (int mode = 0; mode < 4; mode++) {
          boolean ta = (mode & 1) != 0;
          boolean tb = (mode & 2) != 0;
          for (int m : new int[] {3, 16, 33}) {
            float[] expected = product(portable, type, ta, tb, m);
            float[] found = product(mac, type, ta, tb, m);
            for (int i = 0; i < found.length; i++) {
              assertThat((double) found[i]).isCloseTo(expected[i], within(1e-4));
            }
            products += m <= Accelerate.ROWS ? 0 : 2;
          }
        }
      }
    }
    int calls = (int) Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow("blas_calls"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT)).invoke();
    assertThat(calls).isEqualTo(products);
  }

  private static float[] product(CpuBackend backend, DType type, boolean ta, boolean tb, int m) {
    return Agreement.results(backend, (b, scope, random) -> List.of(product(backend, scope, random, type, ta, tb, m)))
        .getFirst();
  }

  private static Tensor product(
      CpuBackend backend, Scope scope, Random random, DType type, boolean ta, boolean tb, int m) {
    Tensor a = ta ? Agreement.random(scope, random, 128, m) : Agreement.random(scope, random, m, 128);
    Tensor w = Agreement.random(backend, scope, random, type, tb ? 48 : 128, tb ? 128 : 48);
    Tensor out = scope.floats(m, 48);
    backend.fill(out, Float.NaN);
    backend.matmul(a, ta, w, tb, out, 0.5f, 0);
    backend.matmul(a, ta, w, tb, out, 1, -0.25f);
    return out;
  }

  @Test
  void a_library_without_the_function_is_none() {
    assertThat(Accelerate.at("no-such-library.dylib")).isNull();
    assertThat(Accelerate.found() != null).isEqualTo(System.getProperty("os.name").startsWith("Mac"));
  }
}
