package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.DeviceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {
  @Test
  void every_kind_is_reported_with_its_memory_or_a_reason_and_a_cure() {
    assertThat(Devices.report()).extracting(DeviceInfo::kind).containsSubsequence("cuda", "npu", "mps", "cpu");
    for (DeviceInfo info : Devices.report()) {
      assertThat(info.reason()).isNotBlank();
      assertThat(info.cure().isBlank()).isEqualTo(info.available());
    }
    DeviceInfo cpu = Devices.info("cpu");
    assertThat(cpu.memory()).isGreaterThan(cpu.free());
    assertThat(cpu.summary()).contains("cores", "GiB free");
  }

  @Test
  void what_is_known_of_a_device_is_in_one_line() {
    assertThat(DeviceInfo.present("cuda", 1, "Card").memory(8L << 30, 3L << 29).capability("9.0").bandwidth(4.8e12).summary())
        .isEqualTo("Card, compute capability 9.0, 8.0 GiB, 1.5 GiB free, 4800 GB/s");
    assertThat(DeviceInfo.absent("npu", "no driver", "Install it.").summary()).isEqualTo("no driver. Install it.");
  }

  @Test
  void auto_opens_what_it_says_and_says_why_not_another() {
    Devices.Choice choice = Devices.choice();
    try (Backend backend = Devices.auto()) {
      assertThat(backend.device()).isEqualTo(choice.device().device());
    }
    assertThat(choice.skipped()).noneMatch(DeviceInfo::available).allMatch(d -> !d.reason().isBlank());
  }

  @Test
  void a_device_asked_for_by_name_and_absent_is_an_error_with_reason_and_cure() {
    for (DeviceInfo info : Devices.report()) {
      if (!info.available()) {
        assertThatThrownBy(() -> Devices.open(info.kind())).isInstanceOf(DeviceException.class)
            .hasMessageContainingAll("'" + info.kind() + "'", info.reason(), info.cure());
      }
    }
    assertThatThrownBy(() -> Devices.open("cpu:3")).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("'cpu:3'", "there are 1", "cpu");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu", "", "cpu:", "cpu:x", "cpu:-1", ":1", "CPU", "cpu:12345"})
  void a_name_of_no_device_is_refused_with_the_known_ones(String name) {
    assertThatThrownBy(() -> Devices.open(name)).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("'" + name + "'", "auto", "cuda", "cpu");
  }

  @Test
  void of_a_list_the_first_that_is_there_is_opened_and_the_others_are_told() {
    assertThat(Devices.choice("mps, cpu").orElseThrow()).satisfies(choice -> {
      assertThat(choice.device().device()).isEqualTo(Device.CPU);
      assertThat(choice.skipped()).extracting(DeviceInfo::kind).containsExactly("mps");
    });
    assertThat(Devices.choice("mps:1,auto").orElseThrow().device().device()).isEqualTo(Devices.choice().device().device());
    assertThat(Devices.choice("mps,cpu:7")).isEmpty();
    try (Backend backend = Devices.open("mps, cpu")) {
      assertThat(backend.device()).isEqualTo(Device.CPU);
    }
    assertThatThrownBy(() -> Devices.open("mps,cpu:7")).isInstanceOf(DeviceException.class)
        .hasMessageContainingAll("'mps,cpu:7'", "'mps' was asked for", "Metal", "'cpu:7'", "End the list with cpu");
    assertThatThrownBy(() -> Devices.open("cpu,gpu")).isInstanceOf(DeviceException.class).hasMessageContaining("'gpu'");
  }

  @Test
  void what_fell_back_is_told_by_operation_reason_and_count() {
    Fallbacks fallbacks = new Fallbacks(text -> { });
    fallbacks.other("sum", "no kernel, computed on the host");
    fallbacks.other("sum", "no kernel, computed on the host");
    fallbacks.composed(FusedOp.ROPE);
    assertThat(fallbacks.events()).containsExactly(
        new Fallbacks.Event("rope", "no kernel, composed from simpler operations", 1),
        new Fallbacks.Event("sum", "no kernel, computed on the host", 2));
    assertThat(fallbacks.events()).extracting(Object::toString)
        .contains("sum: no kernel, computed on the host, 2 times");
  }

  @Test
  void one_process_holds_several() {
    assertThatCode(() -> {
      try (Backend one = Devices.open("cpu"); Backend two = Devices.open("cpu:0")) {
        assertThat(one).isNotSameAs(two);
      }
    }).doesNotThrowAnyException();
  }
}
