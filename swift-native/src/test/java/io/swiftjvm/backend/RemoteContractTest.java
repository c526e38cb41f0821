package io.swiftjvm.backend;

import io.swiftjvm.backend.cpu.CpuBackend;
import java.util.stream.Stream;

/** Operations need no look at memory from outside. */
class RemoteContractTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Stream.of(CpuBackend.portable(1), RemoteBackend.over(new CpuBackend(1)));
  }
}
