package io.swiftjvm.backend;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.Storage;
import java.util.stream.Stream;

/** A device without a single operation of its own is right all the same. */
class StagedBackendTest implements BackendContract {
  @Override
  public Stream<Backend> backends() {
    return Stream.of(CpuBackend.portable(1), new Bare());
  }

  private static final class Bare extends StagedBackend {
    private final Backend memory = RemoteBackend.over(new CpuBackend(1));

    Bare() {
      super("bare", false);
    }

    @Override
    public Device device() {
      return new Device("bare", 0);
    }

    @Override
    public String description() {
      return "a device that only has memory";
    }

    @Override
    public Storage allocate(long bytes) {
      return memory.allocate(bytes);
    }

    @Override
    protected void release() {
      memory.close();
    }
  }
}
