package io.swiftjvm.backend.nd4j;

import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Memory that ND4J owns: a buffer of floats, whatever lies in it. */
final class Nd4jStorage extends Storage {
  private final long bytes;
  private INDArray whole;
  private MemorySegment mirror;

  Nd4jStorage(long bytes) {
    this.bytes = bytes;
    whole = make(bytes);
    mirror = mirror(whole, bytes);
  }

  private static INDArray make(long bytes) {
    return Nd4j.createUninitializedDetached(DataType.FLOAT, Math.max(1, Math.ceilDiv(bytes, Float.BYTES)));
  }

  private static MemorySegment mirror(INDArray whole, long bytes) {
    return MemorySegment.ofAddress(whole.data().pointer().address()).reinterpret(bytes);
  }

  /** An array header over a float32 tensor of this backend. */
  static INDArray array(Tensor t, long[] shape, long[] stride) {
    return array(t, 0, shape, stride);
  }

  static INDArray array(Tensor t, long from, long[] shape, long[] stride) {
    if (!(t.storage() instanceof Nd4jStorage storage)) {
      throw new IllegalArgumentException(t + " is not on the device nd4j; upload it");
    }
    if (!storage.isOpen()) {
      throw new IllegalStateException("tensor memory was used after its scope was closed");
    }
    char order = stride.length == 2 && stride[0] == 1 && stride[1] != 1 ? 'f' : 'c';
    return Nd4j.create(storage.whole.data(), shape, stride, t.offset() / Float.BYTES + from, order);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  protected MemorySegment memory() {
    if (!Nd4jBackend.host()) {
      throw new UnsupportedOperationException("this memory is on a GPU of ND4J; use read or download");
    }
    return mirror;
  }

  @Override
  protected void read(long offset, MemorySegment target) {
    Nd4j.getAffinityManager().ensureLocation(whole, Location.HOST);
    target.copyFrom(mirror.asSlice(offset, target.byteSize()));
  }

  @Override
  protected void write(MemorySegment source, long offset) {
    Nd4j.getAffinityManager().ensureLocation(whole, Location.HOST);
    mirror.asSlice(offset, source.byteSize()).copyFrom(source);
    Nd4j.getAffinityManager().tagLocation(whole, Location.HOST);
  }

  @Override
  protected void free() {
    if (whole.closeable()) {
      whole.close();
    }
  }

  @Override
  protected void renew() {
    whole = make(bytes);
    mirror = mirror(whole, bytes);
  }

  @Override
  public boolean renewable() {
    return true;
  }
}
