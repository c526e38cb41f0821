package io.swiftjvm.backend.nd4j;

import io.swiftjvm.backend.Shapes;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Tensors and ND4J's arrays over one memory, without a copy, both ways; what one side writes the other sees. Needs ND4J
 * on
 * the class path and arrays in host memory.
 *
 * {@snippet :
 * Tensor x = Nd4jArrays.tensor(Nd4j.rand(3, 4));     // keeps the array alive while the tensor's storage is
 * try (Nd4jArrays.View view = Nd4jArrays.view(x)) {  // keeps the tensor's memory alive
 *   view.array().addi(1);                            // seen in x
 * }
 * }
 */
public final class Nd4jArrays {
  private Nd4jArrays() {}

  /**
   * An array over a tensor's memory, which stays as long as the view is open; the array must not be used afterwards.
   *
   * @param array dense, order 'c', with the tensor's shape
   * @param tensor what it looks at
   */
  public record View(INDArray array, Tensor tensor) implements AutoCloseable {
    @Override
    public void close() {
      tensor.storage().release();
    }
  }

  /**
   * The array of a tensor's elements.
   *
   * @param tensor float32 or int32 in host memory, not empty
   * @throws IllegalArgumentException if it is of another type or empty
   * @throws UnsupportedOperationException if its memory is on an accelerator: download it first
   */
  public static View view(Tensor tensor) {
    requireHost();
    boolean floats = tensor.dtype() == DType.F32;
    if (tensor.size() == 0 || (!floats && tensor.dtype() != DType.I32)) {
      throw new IllegalArgumentException("an array can look at a float32 or int32 tensor that is not empty, this one is "
          + tensor + "; cast it first");
    }
    MemorySegment memory = tensor.segment();
    if (!memory.isNative()) {
      throw new IllegalArgumentException("the memory of " + tensor + " is on the Java heap; copy it into a backend");
    }
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException("the memory of " + tensor + " is read-only, as a mapped file's is, and an array "
          + "could write to it; copy it first");
    }
    Pointer at = new Address(memory.address(), tensor.size());
    Pointer typed = floats ? new FloatPointer(at) : new IntPointer(at);
    DataBuffer buffer =
        Nd4j.createBuffer(typed.limit(tensor.size()).capacity(tensor.size()), tensor.size(), floats ? DataType.FLOAT : DataType.INT);
    long[] shape = tensor.rank() == 0 ? new long[] {1} : tensor.shape();
    INDArray array = Nd4j.create(buffer, shape, Shapes.rowMajor(shape), 0, 'c', floats ? DataType.FLOAT : DataType.INT);
    tensor.storage().retain();
    return new View(array, tensor);
  }

  /**
   * The tensor of an array's elements. The array stays alive as long as the tensor's storage is reachable; its owner
   * must
   * not close it. The tensor may be an operand of every backend whose memory is the host's, such as the cpu.
   *
   * @param array of FLOAT, INT, HALF or BFLOAT16, order 'c', dense
   * @throws IllegalArgumentException if it is of another type or strided: {@code array.dup('c')} makes a dense copy
   */
  public static Tensor tensor(INDArray array) {
    requireHost();
    DType type = switch (array.dataType()) {
      case FLOAT -> DType.F32;
      case INT -> DType.I32;
      case HALF -> DType.F16;
      case BFLOAT16 -> DType.BF16;
      default -> throw new IllegalArgumentException("a tensor can look at an array of FLOAT, INT, HALF or BFLOAT16, this "
          + "one is " + array.dataType() + "; use castTo first");
    };
    long[] shape = array.shape();
    if (array.isEmpty() || !strides(shape, array.stride())) {
      throw new IllegalArgumentException("a tensor is dense and row-major; the array of shape " + Arrays.toString(shape)
          + " has order '" + array.ordering() + "' and strides " + Arrays.toString(array.stride()) + ". Use dup('c').");
    }
    long bytes = type.bytes(array.length());
    // The buffer of a view begins where its parent's does; the array says where its own first element is.
    long address = array.data().pointer().address() + array.offset() * (type.bytes(1));
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(bytes);
    return Tensor.of(Storage.external(memory, () -> Reference.reachabilityFence(array)), type, shape);
  }

  private static void requireHost() {
    if (!Nd4jBackend.host()) {
      throw new UnsupportedOperationException("ND4J computes on CUDA here, its arrays are not in host memory. Copy: "
          + "array.ravel().toFloatVector() and Scope.floats, or Tensor.toFloats and Nd4j.create.");
    }
  }

  /** The stride of a dimension of one element says nothing. */
  private static boolean strides(long[] shape, long[] strides) {
    long[] wanted = Shapes.rowMajor(shape);
    for (int i = 0; i < shape.length; i++) {
      if (shape[i] != 1 && strides[i] != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** A pointer to memory of somebody else. */
  private static final class Address extends Pointer {
    Address(long address, long elements) {
      super((Pointer) null);
      this.address = address;
      this.limit = elements;
      this.capacity = elements;
    }
  }
}
