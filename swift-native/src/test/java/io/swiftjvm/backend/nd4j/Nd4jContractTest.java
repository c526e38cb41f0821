package io.swiftjvm.backend.nd4j;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendContract;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import java.util.stream.Stream;

/** The device nd4j; and, since ND4J shares nothing with our kernels, an independent reference for them. */
class Nd4jContractTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Stream.of(CpuBackend.portable(1), Devices.open("nd4j"));
  }

  /** ND4J's exponentials and sums are a few bits less exact. */
  @Override
  public double slack() {
    return 4;
  }
}
