package io.swiftjvm.backend.cuda;

import io.swiftjvm.error.DeviceException;
import io.swiftjvm.tensor.Storage;
import java.lang.foreign.MemorySegment;

/** A piece of device memory. */
final class CudaStorage extends Storage {
  private final DeviceMemory owner;
  private final long bytes;
  private long address;

  CudaStorage(DeviceMemory owner, long address, long bytes) {
    this.owner = owner;
    this.address = address;
    this.bytes = bytes;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  DeviceMemory owner() {
    return owner;
  }

  /** Where it is on the device; throws after the last reference went. */
  long address() {
    if (!isOpen()) {
      throw new IllegalStateException("tensor memory was used after its scope was closed");
    }
    return address;
  }

  @Override
  protected MemorySegment memory() {
    throw new DeviceException("The host asked for the memory of a tensor on " + owner.device()
        + ", which it cannot reach. Copy it with Backend.download or Tensor.toFloats.");
  }

  @Override
  protected void read(long offset, MemorySegment target) {
    owner.transfers().download(address + offset, target);
  }

  @Override
  protected void write(MemorySegment source, long offset) {
    owner.transfers().upload(source, address + offset);
  }

  @Override
  protected void free() {
    owner.free(address, bytes);
  }

  @Override
  protected void renew() {
    address = owner.take(bytes);
  }

  @Override
  public boolean renewable() {
    return true;
  }
}
