package io.swiftjvm.backend.cuda;

import io.swiftjvm.backend.Device;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.tensor.Tensor;

/**
 * Memory of the driver's stream-ordered pool: taking and giving back cost no synchronisation, and what is given back is
 * kept for the next.
 */
final class DeviceMemory {
  private final Session session;
  private final Transfers transfers;
  private final long pool;
  private long used;
  private long peak;
  private long limit = Long.MAX_VALUE;

  DeviceMemory(Session session, Transfers transfers) {
    this.session = session;
    this.transfers = transfers;
    pool = session.enter().pool(session.index());
  }

  Device device() {
    return session.device();
  }

  Transfers transfers() {
    return transfers;
  }

  synchronized long used() {
    return used;
  }

  synchronized long peak() {
    return peak;
  }

  synchronized void limit(long bytes) {
    limit = bytes;
  }

  CudaStorage allocate(long bytes) {
    return new CudaStorage(this, take(bytes), bytes);
  }

  /** The address of so many bytes more. */
  synchronized long take(long bytes) {
    if (used + bytes > limit) {
      throw refusal(bytes, limit);
    }
    Driver driver = session.enter();
    // The driver has no pieces of nothing.
    long size = Math.max(bytes, 16);
    long address = driver.allocate(size, session.stream());
    if (address == 0) {
      driver.synchronize(session.stream());
      driver.trim(pool);
      driver.trimGraphs(session.index());
      address = driver.allocate(size, session.stream());
    }
    if (address == 0) {
      throw refusal(bytes, driver.totalMemory(session.index()));
    }
    used += bytes;
    peak = Math.max(peak, used);
    return address;
  }

  private MemoryException refusal(long bytes, long most) {
    return new MemoryException(bytes, used, most, "No memory on " + device() + ": " + bytes + " bytes were asked for, "
        + used + " of " + most + " are in use by this backend. Use smaller batches, shorter sequences, gradient "
        + "checkpointing or quantised weights, or end what else uses the device.");
  }

  synchronized void free(long address, long bytes) {
    used -= bytes;
    if (!session.isClosed()) {
      // A lost context takes its memory along; there is nothing to be done about it here.
      session.enter().free(address, session.stream());
    }
  }

  void trim() {
    session.synchronize();
    session.enter().trim(pool);
  }

  /** Where a tensor of this device begins. */
  long address(Tensor t) {
    if (t.storage() instanceof CudaStorage storage && storage.owner() == this) {
      return storage.address() + t.offset();
    }
    throw new IllegalArgumentException(
        t + " is not in the memory of this " + device() + "; upload it into a tensor that this backend made");
  }
}
