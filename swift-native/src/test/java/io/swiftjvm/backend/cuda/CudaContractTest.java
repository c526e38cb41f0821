package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendContract;
import io.swiftjvm.backend.cpu.CpuBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/** Every operation of the kernels, on the emulator or a GPU, against the portable reference. */
class CudaContractTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Stream.of(CpuBackend.portable(1), FakeCuda.open().exact(true));
  }

  @AfterEach
  void nothing_is_written_beside_memory() {
    FakeCuda.assertIntact();
  }
}
