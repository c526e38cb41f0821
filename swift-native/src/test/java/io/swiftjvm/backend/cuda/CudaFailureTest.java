package io.swiftjvm.backend.cuda;

import static io.swiftjvm.backend.cuda.FakeCuda.control;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.cuda.FakeCuda.Control;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes wrong with drivers, as the fake one does it. */
class CudaFailureTest {
  @BeforeEach
  @AfterEach
  void reset() {
    control(Control.RESET, 0);
  }

  private static DeviceInfo absent() {
    List<DeviceInfo> found = FakeCuda.provider().devices();
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().available()).isFalse();
    assertThat(found.getFirst().cure()).isNotBlank();
    assertThatThrownBy(() -> FakeCuda.provider().open(0)).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("cuda:0", found.getFirst().reason());
    return found.getFirst();
  }

  @Test
  void devices_are_told_with_their_numbers() {
    List<DeviceInfo> found = FakeCuda.provider().devices();
    assertThat(found).hasSize(2).allMatch(DeviceInfo::available);
    assertThat(found.get(1).summary()).contains("emulated GPU", "8.0", "8.0 GiB", "16 GB/s");
    assertThatThrownBy(() -> FakeCuda.provider().open(2)).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("cuda:2", "there are 2");
  }

  @Test
  void no_driver_is_a_reason_with_a_cure() {
    DriverLibrary none = DriverLibrary.named("libcuda-that-is-not-there.so.1");
    assertThat(none.driver()).isNull();
    assertThat(none.reason()).contains("no CUDA driver", "libcuda-that-is-not-there.so.1");
    assertThat(none.cure()).contains("Install");
    assertThatThrownBy(() -> CudaBackend.open(none, 0)).isInstanceOf(DeviceException.class)
        .hasMessageContaining("no CUDA driver");
  }

  @Test
  void an_old_driver_is_a_reason() {
    control(Control.VERSION, 11_040);
    assertThat(absent().reason()).contains("11.4", "12.0");
  }

  @Test
  void a_driver_without_a_device_is_a_reason() {
    control(Control.DEVICES, 0);
    assertThat(absent().reason()).contains("no device");
    control(Control.INIT, 100);
    assertThat(absent().reason()).contains("no device");
  }

  @Test
  void a_driver_that_does_not_start_is_a_reason_with_its_code() {
    control(Control.INIT, 803);
    assertThat(absent().reason()).contains("803", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH");
  }

  @Test
  void an_old_gpu_is_not_available() {
    control(Control.CAPABILITY, 75);
    assertThat(FakeCuda.provider().devices()).noneMatch(DeviceInfo::available)
        .allMatch(d -> d.reason().contains("7.5"));
  }

  @Test
  void too_large_a_tensor_is_refused_and_harms_nothing() {
    try (CudaBackend backend = FakeCuda.provider().open(0) instanceof CudaBackend b ? b : null;
        Scope scope = new Scope(backend)) {
      control(Control.MEMORY, 64 << 20);
      assertThatThrownBy(() -> scope.floats(100 << 20)).isInstanceOfSatisfying(MemoryException.class, e -> {
        assertThat(e.asked()).isEqualTo(400L << 20);
        assertThat(e.limit()).isEqualTo(64L << 20);
      }).hasMessageContaining("cuda:0");
      Tensor small = scope.floats(10);
      backend.fill(small, 2);
      assertThat(small.toFloats()).containsOnly(2);
      backend.limit(backend.bytesInUse() + 100);
      assertThatThrownBy(() -> scope.floats(100)).isInstanceOf(MemoryException.class);
    }
  }

  @Test
  void a_kernel_that_fails_is_named_and_everything_after_it_too() {
    CudaBackend backend = CudaBackend.open(DriverLibrary.at(FakeCuda.file()), 0);
    Scope scope = new Scope(backend);
    Tensor x = scope.floats(10);
    control(Control.FAIL_LAUNCH, 1);
    backend.fill(x, 1);
    assertThatThrownBy(() -> backend.scale(x, 2, x)).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("swift_scale", "CUDA_ERROR_LAUNCH_FAILED", "719", "open the device again");
    assertThatThrownBy(x::toFloats).isInstanceOf(DeviceException.class).hasMessageContaining("719");
    scope.close();
    backend.close();
    control(Control.RESET, 0);
    try (CudaBackend again = FakeCuda.open(); Scope fresh = new Scope(again)) {
      Tensor y = fresh.floats(3);
      again.fill(y, 4);
      assertThat(y.toFloats()).containsOnly(4);
    }
  }

  @Test
  void kernels_that_do_not_load_are_compiled_here_or_both_reasons_are_told() {
    String before = System.getProperty(Nvrtc.PROPERTY);
    try {
      System.setProperty(Nvrtc.PROPERTY, FakeCuda.file().toString());
      byte[] ptx = Nvrtc.compile(KernelSources.text(), 90);
      assertThat(new String(ptx, 0, ptx.length - 1, StandardCharsets.UTF_8)).startsWith("//");
      control(Control.COMPILE, 6);
      assertThatThrownBy(() -> Nvrtc.compile(KernelSources.text(), 90)).isInstanceOf(DeviceException.class)
          .hasMessageContainingAll("6", "as the test wished");
      control(Control.COMPILE, 0);
      control(Control.IMAGE, 209);
      assertThatThrownBy(() -> CudaBackend.open(DriverLibrary.at(FakeCuda.file()), 0))
          .isInstanceOf(DeviceException.class).hasMessageContaining("CUDA_ERROR_NO_BINARY_FOR_GPU");
    } finally {
      if (before == null) {
        System.clearProperty(Nvrtc.PROPERTY);
      } else {
        System.setProperty(Nvrtc.PROPERTY, before);
      }
    }
  }

  @Test
  void a_host_access_and_a_stranger_and_a_use_after_close_are_refused() {
    CudaBackend backend = FakeCuda.open();
    Scope scope = new Scope(backend);
    Tensor x = scope.floats(4);
    assertThatThrownBy(x::segment).isInstanceOf(DeviceException.class).hasMessageContaining("download");
    try (CudaBackend other = FakeCuda.open(); Scope theirs = new Scope(other)) {
      assertThatThrownBy(() -> backend.copy(theirs.floats(4), x)).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("upload");
    }
    scope.close();
    assertThatThrownBy(() -> backend.fill(x, 1)).isInstanceOf(IllegalStateException.class);
    backend.close();
    backend.close();
    assertThatThrownBy(() -> new Scope(backend).floats(4)).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void ids_outside_of_their_table_are_told_when_the_host_waits() {
    try (CudaBackend backend = FakeCuda.open(); Scope scope = new Scope(backend)) {
      Tensor table = scope.floats(new float[] {1, 2, 3, 4}, 2, 2);
      Tensor out = scope.floats(3, 2);
      backend.gatherRows(table, scope.ints(0, 2, 1), out);
      assertThatThrownBy(backend::synchronize).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("GATHER", "position 1");
      backend.gatherRows(table, scope.ints(0, 1, 1), out);
      backend.synchronize();
      assertThat(out.toFloats()).containsExactly(1, 2, 3, 4, 3, 4);
    }
  }

  @Test
  void keys_in_pages_outside_of_the_cache_are_not_read_and_told_when_the_host_waits() {
    try (CudaBackend backend = FakeCuda.open(); Scope scope = new Scope(backend)) {
      Tensor cache = scope.floats(64, 8);
      backend.fill(cache, 1);
      Tensor out = scope.floats(1, 8);
      Tensor pages = scope.ints(1, 500_000_000, -7);
      Segments segments = new Segments(new int[] {0}, new int[] {1}, new int[] {0}, new int[] {40},
          new Segments.Pages(16, pages));
      backend.attention(out, cache, cache, new AttentionSpec(1, 1, 8, 8, 1, 0, 0), segments, out, null);
      assertThatThrownBy(backend::synchronize).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("PAGES", "position 1");
    }
    FakeCuda.assertIntact();
  }

  @Test
  void memory_goes_back_when_everything_is_closed() {
    long before = control(Control.USED, 0);
    try (CudaBackend backend = FakeCuda.open(); Scope scope = new Scope(backend)) {
      Tensor x = scope.tensor(DType.BF16, 100, 16);
      backend.cast(scope.floats(new float[1600], 100, 16), x);
      assertThat(backend.sumSquares(scope.floats(new float[] {3, 4}, 2))).isEqualTo(25);
      assertThat(control(Control.USED, 0)).isGreaterThan(before);
    }
    assertThat(control(Control.USED, 0)).isEqualTo(before);
    FakeCuda.assertIntact();
  }
}
