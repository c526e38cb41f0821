package io.swiftjvm.cli;

import static io.swiftjvm.cli.CliRun.done;
import static io.swiftjvm.cli.CliRun.line;
import static io.swiftjvm.cli.CliRun.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.cuda.FakeCuda;
import org.junit.jupiter.api.Test;

class SelftestCommandTest {
  @Test
  void every_kernel_of_the_emulated_gpu_is_checked_and_measured() {
    FakeCuda.control(FakeCuda.Control.RESET, 0);
    String before = System.setProperty("swift.cuda.path", FakeCuda.file().toString());
    // A real one of this machine must not meet the fake driver's addresses.
    System.setProperty("swift.cublas.path", FakeCuda.file().toString());
    try {
      CliRun run = done("selftest", "--device", "cuda", "--side", "64", "--tokens", "16", "--steps", "2", "--model",
          "swift-tiny");
      assertThat(run.out()).contains("cuda:0, emulated GPU, sm_80", "products by cuBLASLt", "attention of 32 rows", "attention, heads of 256", "TFLOP/s", "GB/s",
          "LoRA steps of 16 tokens", "decoding one answer", "selftest passed").doesNotContain("WRONG", "fallback");
    } finally {
      System.clearProperty("swift.cublas.path");
      if (before == null) {
        System.clearProperty("swift.cuda.path");
      } else {
        System.setProperty("swift.cuda.path", before);
      }
    }
  }

  @Test
  void the_cpu_passes_too_and_an_absent_device_is_refused() {
    assertThat(done("selftest", "--device", "cpu", "--check_only").out()).contains("selftest passed");
    refused(3, line("selftest", "--device", "cuda:77"), "cuda:77");
    refused(2, line("selftest", "--device", "cpu", "--side", "x"), "--side", "'x'");
  }
}
