package io.swiftjvm.hub;

import io.swiftjvm.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One tensor of a checkpoint file. {@code data} is a read-only view of the mapped file, little-endian, row-major; it is
 * not copied and dies with the file it came from. Its start need not be aligned to the element size: read it through
 * the unaligned layouts of {@link ValueLayout}.
 *
 * @param name the name in the file, such as {@code model.norm.weight}
 * @param dtype element type of the file
 * @param shape sizes, outermost first; empty for a scalar
 * @param data exactly {@code elements() * dtype.bytes()} bytes
 */
@SuppressWarnings("ArrayRecordComponent") // copied on the way in and out, equality by content
public record TensorEntry(String name, DType dtype, long[] shape, MemorySegment data) {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort B16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt B32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong B64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public TensorEntry {
    shape = shape.clone();
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements. */
  public long elements() {
    return data.byteSize() / dtype.bytes();
  }

  /** A copy of the values as floats. For float types only; at most 2^31 - 1 elements. */
  public float[] floats() {
    float[] out = new float[Math.toIntExact(elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] = switch (dtype) {
        case F32 -> data.get(F32, 4L * i);
        case F64 -> (float) data.get(F64, 8L * i);
        case F16 -> Float.float16ToFloat(data.get(B16, 2L * i));
        case BF16 -> Float.intBitsToFloat(data.get(B16, 2L * i) << 16);
        default -> throw new IllegalStateException("tensor '" + name + "' holds " + dtype + ", not floats");
      };
    }
    return out;
  }

  /** A copy of the values as longs. For integer types and BOOL only; at most 2^31 - 1 elements. */
  public long[] longs() {
    long[] out = new long[Math.toIntExact(elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] = switch (dtype) {
        case I64 -> data.get(B64, 8L * i);
        case I32 -> data.get(B32, 4L * i);
        case I16 -> data.get(B16, 2L * i);
        case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
        case U8, BOOL -> data.get(ValueLayout.JAVA_BYTE, i) & 0xff;
        default -> throw new IllegalStateException("tensor '" + name + "' holds " + dtype + ", not integers");
      };
    }
    return out;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorEntry that
        && name.equals(that.name)
        && dtype == that.dtype
        && Arrays.equals(shape, that.shape)
        && data.equals(that.data);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + dtype.shortName() + Arrays.toString(shape);
  }
}
