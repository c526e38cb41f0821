package io.swiftjvm.testing;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.backend.cuda.FakeCuda;
import java.util.List;

/** The CUDA backend on the fake driver as a device that plans can name; the real one keeps its name {@code cuda}. */
public final class EmulatedCudaProvider implements BackendProvider {
  static final String KIND = "cuda-emulated";

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public List<DeviceInfo> devices() {
    return List.of(FakeCuda.built() ? DeviceInfo.present(kind(), 0, "the kernels of cuda on the cpu")
        : DeviceInfo.absent(kind(), "the emulator was not built", "Install a C++ compiler."));
  }

  @Override
  public Backend open(int index) {
    return FakeCuda.open().exact(true);
  }
}
