package io.swiftjvm.backend.ascend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.error.DeviceException;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.AscendSimulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the interface asks of its callers, and what becomes of its refusals. */
@EnabledIf("io.swiftjvm.testing.AscendSimulator#present")
class AscendBackendTest {
  @Test
  void cards_are_reported_with_their_memory_and_opened_by_number() throws Throwable {
    assertThat(Devices.info("npusim:1").summary()).contains("AscendSimulated", "simulator only", "8.0 GiB");
    try (Backend second = Devices.open("npusim:1"); Scope scope = new Scope(second)) {
      assertThat(second.device()).hasToString("npusim:1");
      Tensor x = scope.floats(new float[] {1, 4}, 2);
      second.unary(Unary.SQRT, x, x);
      assertThat(x.toFloats()).containsExactly(1, 2);
      assertThat(x.get(1)).isEqualTo(2);
    }
    assertThatThrownBy(() -> Devices.open("npusim:2")).isInstanceOf(DeviceException.class).hasMessageContaining("there are 2");
  }

  @Test
  void no_card_no_library_and_no_start_are_reasons_with_cures() throws Throwable {
    AscendSimulator.devices(0);
    try {
      DeviceInfo none = AscendSimulator.provider().devices().getFirst();
      assertThat(none.available()).isFalse();
      assertThat(none.summary()).contains("no card", "Install");
    } finally {
      AscendSimulator.devices(2);
    }
    AscendSimulator.fail("aclrtGetDeviceCount", 507899);
    assertThat(AscendSimulator.provider().devices().getFirst().summary())
        .contains("aclrtGetDeviceCount", "507899", "simulated error");
    DeviceInfo real = new AscendProvider().devices().getFirst();
    assertThat(real.available() || real.reason().contains("libascendcl.so")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"aclnnExpGetWorkspaceSize", "aclnnExp", "aclrtMemcpy", "aclrtSynchronizeStream"})
  void a_call_that_fails_is_an_error_with_its_name_code_and_words_and_leaves_nothing_behind(String function) throws Throwable {
    long handles = AscendSimulator.count("aclsim_handles");
    long blocks = AscendSimulator.count("aclsim_blocks");
    try (Backend npu = AscendSimulator.provider().open(0); Scope scope = new Scope(npu)) {
      Tensor x = scope.floats(new float[] {0}, 1);
      AscendSimulator.fail(function, 123456);
      assertThatThrownBy(() -> {
        npu.unary(Unary.EXP, x, x);
        x.toFloats();
      }).isInstanceOf(DeviceException.class).hasMessageContainingAll(function, "123456", "simulated error");
      npu.fill(x, 0);
      npu.unary(Unary.EXP, x, x);
      assertThat(x.toFloats()).containsExactly(1);
    }
    // An executor whose launch was refused is the driver's to keep.
    assertThat(AscendSimulator.count("aclsim_handles")).isLessThanOrEqualTo(handles + (function.equals("aclnnExp") ? 1 : 0));
    assertThat(AscendSimulator.count("aclsim_blocks")).isEqualTo(blocks);
  }

  @Test
  void a_full_card_is_a_memory_error_and_kept_blocks_go_first() throws Throwable {
    AscendSimulator.memory(1 << 20);
    try (Backend npu = AscendSimulator.provider().open(0); Scope scope = new Scope(npu)) {
      try (Scope step = scope.child()) {
        step.floats(200_000);
      }
      Tensor y = scope.floats(220_000);
      npu.fill(y, 1);
      assertThatThrownBy(() -> scope.floats(100_000)).isInstanceOf(MemoryException.class).hasMessageContaining("400384");
      assertThat(npu.sumSquares(y)).isEqualTo(220_000);
      assertThat(npu.fallbacks().counts()).containsKey("sum of squares: it is wanted in double, computed on the host");
    } finally {
      AscendSimulator.memory(1L << 33);
    }
  }

  @Test
  void a_tensor_of_another_device_and_one_that_is_gone_are_refused() {
    try (Backend npu = AscendSimulator.provider().open(0); Backend cpu = Devices.cpu(1); Scope host = new Scope(cpu)) {
      Tensor x = host.floats(3);
      assertThatThrownBy(() -> npu.scale(x, 2, x)).hasMessageContaining("not on npusim:0");
      Scope scope = new Scope(npu);
      Tensor gone = scope.floats(3);
      assertThatThrownBy(gone::segment).isInstanceOf(UnsupportedOperationException.class);
      scope.close();
      assertThatThrownBy(() -> npu.scale(gone, 2, gone)).isInstanceOf(IllegalStateException.class);
    }
  }
}
