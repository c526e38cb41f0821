package io.swiftjvm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Products by cuBLASLt, as the fake one computes and refuses them, against our own kernels. */
class CublasTest {
  private enum What { RESET, MAJOR, CREATE, HEURISTIC, MATMUL, RUNS, ASKED, LIVE, WORKSPACE }

  private static long control(What what, long value) {
    MethodHandle call = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(FakeCuda.file(), Arena.global()).find("swift_fake_cublas").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    try {
      return (long) call.invokeExact(what.ordinal(), value);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void fake() {
    control(What.RESET, 0);
    System.setProperty(CublasLt.WANTED.property(), FakeCuda.file().toString());
  }

  @AfterEach
  void nothing_is_left() {
    System.clearProperty(CublasLt.WANTED.property());
    assertThat(control(What.LIVE, 0)).as("handles that were not given back").isZero();
    FakeCuda.assertIntact();
  }

  private static CudaBackend open() {
    return FakeCuda.open().cublas(true);
  }

  /** One product whose operands may begin anywhere. */
  private static float[] product(
      CudaBackend cuda, DType type, boolean ta, boolean tb, int m, int n, int k, float alpha, float beta, int offset) {
    try (Scope scope = new Scope(cuda)) {
      Random random = new Random(3);
      Tensor a = part(Agreement.random(scope, random, (long) m * k + offset), offset, ta ? k : m, ta ? m : k);
      Tensor wide = Agreement.random(scope, random, (long) n * k + offset);
      Tensor b = scope.tensor(type, wide.shape());
      if (type.isQuantised()) {
        b = scope.tensor(type, tb ? n : k, tb ? k : n);
        cuda.quantize(wide.view(b.shape()), b);
      } else {
        cuda.cast(wide, b);
        b = part(b, offset, tb ? n : k, tb ? k : n);
      }
      Tensor out = part(Agreement.random(scope, random, (long) m * n + offset), offset, m, n);
      cuda.matmul(a, ta, b, tb, out, alpha, beta);
      return out.toFloats();
    }
  }

  private static Tensor part(Tensor whole, int offset, long rows, long columns) {
    return whole.slice(offset, rows * columns).view(rows, columns);
  }

  private static void compare(float[] found, float[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) found[i]).as("[%s]", i).isCloseTo(expected[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @CsvSource({"9,1,7,0", "17,33,40,0", "64,32,16,1", "13,130,70,3", "40,26,31,0"})
  void products_are_those_of_our_own_kernels_in_all_transpositions(int m, int n, int k, int offset) {
    try (CudaBackend cuda = open()) {
      long runs = 0;
      for (int mode = 0; mode < 4; mode++) {
        boolean ta = (mode & 1) != 0;
        boolean tb = (mode & 2) != 0;
        for (boolean tf32 : new boolean[] {false, true}) {
          for (DType type : new DType[] {DType.BF16, DType.F32}) {
            cuda.tf32(tf32);
            float[] found = product(cuda.cublas(true), type, ta, tb, m, n, k, 0.5f, 0.25f, offset);
            assertThat(control(What.RUNS, 0)).isEqualTo(++runs);
            compare(found, product(cuda.cublas(false), type, ta, tb, m, n, k, 0.5f, 0.25f, offset), 2e-6 * Math.sqrt(k) * 4);
          }
        }
      }
      assertThat(control(What.ASKED, 0)).as("shapes: bf16, float32 and TF32 in four transpositions").isEqualTo(12);
      assertThat(cuda.fallbacks().counts()).isEmpty();
    }
  }

  @Test
  void what_was_in_the_result_counts_only_with_beta() {
    try (CudaBackend cuda = open(); Scope scope = new Scope(cuda)) {
      Tensor a = scope.floats(16, 16);
      cuda.fill(a, 1);
      Tensor w = scope.tensor(DType.BF16, 16, 16);
      cuda.cast(a, w);
      Tensor out = scope.floats(16, 16);
      cuda.fill(out, Float.NaN);
      cuda.matmul(a, false, w, true, out, 2, 0);
      assertThat(out.toFloats()).containsOnly(32);
      cuda.matmul(a, false, w, true, out, 1, 0.5f);
      assertThat(out.toFloats()).containsOnly(32);
      assertThat(control(What.RUNS, 0)).isEqualTo(2);
    }
  }

  @Test
  void few_rows_and_fp16_and_exact_products_stay_with_our_own_kernels_and_quantised_weights_go_by_bf16() {
    try (CudaBackend cuda = open()) {
      product(cuda, DType.BF16, false, true, 8, 20, 32, 1, 0, 0);
      product(cuda, DType.F16, false, true, 20, 20, 32, 1, 0, 0);
      product(cuda.exact(true), DType.BF16, false, true, 20, 20, 32, 1, 0, 0);
      assertThat(control(What.RUNS, 0)).isZero();
      compare(product(cuda.exact(false), DType.Q8, false, true, 20, 32, 64, 1, 0, 0),
          product(cuda.cublas(false), DType.Q8, false, true, 20, 32, 64, 1, 0, 0), 1e-4);
      assertThat(control(What.RUNS, 0)).isEqualTo(1);
      assertThat(cuda.description()).contains("our own kernels", "switched off");
      assertThat(cuda.cublas(true).description()).contains("products by cuBLASLt 13.4", FakeCuda.file().toString());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HEURISTIC", "MATMUL"})
  void a_shape_that_is_refused_or_fails_is_ours_from_then_on_and_counted(What what) {
    try (CudaBackend cuda = open()) {
      control(what, 15);
      float[] found = product(cuda, DType.BF16, false, true, 20, 20, 32, 1, 0, 0);
      control(what, 0);
      float[] again = product(cuda, DType.BF16, false, true, 20, 20, 32, 1, 0, 0);
      assertThat(found).isEqualTo(product(cuda.cublas(false), DType.BF16, false, true, 20, 20, 32, 1, 0, 0))
          .isEqualTo(again);
      String doing = what == What.MATMUL ? "a product" : "choosing an algorithm";
      assertThat(cuda.fallbacks().counts()).containsEntry("matmul by bf16: cuBLASLt failed at " + doing
          + " with CUBLAS_STATUS_NOT_SUPPORTED (15), our own kernels are used", 2L);
      assertThat(control(What.ASKED, 0)).isEqualTo(1);
      product(cuda.cublas(true), DType.BF16, false, true, 21, 20, 32, 1, 0, 0);
      assertThat(control(What.RUNS, 0)).isEqualTo(what == What.MATMUL ? 2 : 1);
    }
  }

  @Test
  void without_memory_to_work_in_a_product_is_ours_this_time() {
    try (CudaBackend cuda = open()) {
      control(What.WORKSPACE, 16 << 20);
      cuda.limit(8 << 20);
      product(cuda, DType.F32, false, true, 20, 20, 32, 1, 0, 0);
      assertThat(cuda.fallbacks().counts())
          .containsEntry("matmul by fp32: cuBLASLt had no memory to work in, our own kernels are used", 1L);
      assertThat(control(What.RUNS, 0)).isZero();
      product(cuda.limit(64 << 20), DType.F32, false, true, 20, 20, 32, 1, 0, 0);
      assertThat(control(What.RUNS, 0)).isEqualTo(1);
    }
  }

  @Test
  void more_shapes_than_are_kept_give_the_oldest_back() {
    try (CudaBackend cuda = open(); Scope scope = new Scope(cuda)) {
      Tensor a = scope.floats(600, 1);
      Tensor w = scope.floats(1, 1);
      Tensor out = scope.floats(600, 1);
      cuda.fill(a, 1);
      cuda.fill(w, 1);
      for (int m = 10; m < 600; m++) {
        cuda.matmul(a.slice(0, m), false, w, true, out.slice(0, m), 1, 0);
      }
      // A handle, and a description and three layouts of each shape that is kept.
      assertThat(control(What.LIVE, 0)).isEqualTo(1 + 4 * 512);
    }
  }

  private static void assertOurs(String... reasons) {
    try (CudaBackend cuda = open()) {
      assertThat(cuda.description()).contains("products by our own kernels").contains(reasons);
      product(cuda, DType.BF16, false, true, 20, 20, 32, 1, 0, 0);
      assertThat(cuda.fallbacks().counts()).isEmpty();
    }
  }

  @Test
  void a_library_that_is_too_old_or_does_not_start_or_does_not_load_is_a_reason(@TempDir Path folder) throws IOException {
    control(What.MAJOR, 11);
    assertOurs("version 11", "12 or later");
    control(What.MAJOR, 12);
    control(What.CREATE, 1);
    assertOurs("starting", "CUBLAS_STATUS_NOT_INITIALIZED (1)");
    Path broken = Files.writeString(folder.resolve("libcublasLt.so.13"), "no library");
    System.setProperty(CublasLt.WANTED.property(), broken.toString());
    assertOurs(broken.toString(), "does not load");
  }

  @Test
  void a_missing_function_is_named() {
    SymbolLookup whole = SymbolLookup.libraryLookup(FakeCuda.file(), Arena.global());
    SymbolLookup less = name -> name.equals("cublasLtMatmulAlgoGetHeuristic") ? Optional.empty() : whole.find(name);
    assertThatThrownBy(() -> new CublasLt(less, "here")).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("here", "no function cublasLtMatmulAlgoGetHeuristic");
  }

  @Test
  void it_is_looked_for_in_the_given_folders_and_all_places_are_told(@TempDir Path folder) throws IOException {
    System.clearProperty(CublasLt.WANTED.property());
    NvidiaLibrary.Wanted wanted = new NvidiaLibrary.Wanted(
        "Something", "swift.something.path", List.of("libswift-none.so.2", "libswift-none.so.1"), List.of(), ". Do it", null);
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> NvidiaLibrary.find(wanted, List.of(empty))).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("Something was not found", "libswift-none.so.2", empty.toString(), ". Do it");
    Path file = Files.copy(FakeCuda.file(), folder.resolve("libswift-none.so.1"));
    assertThat(NvidiaLibrary.find(wanted, List.of(empty, folder)).where()).isEqualTo(file.toString());
    assertThat(NvidiaLibrary.folders(wanted)).allMatch(Files::isDirectory);
  }
}
