package io.swiftjvm.backend.ascend;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendContract;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.testing.AscendSimulator;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIf;

/** The npu backend over the simulator: no proof of what a card computes. */
@EnabledIf("io.swiftjvm.testing.AscendSimulator#present")
class AscendContractTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Stream.of(CpuBackend.portable(1), AscendSimulator.provider().open(0));
  }
}
