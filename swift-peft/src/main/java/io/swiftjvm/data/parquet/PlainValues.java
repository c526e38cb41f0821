package io.swiftjvm.data.parquet;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Values of a page as plain data: text, whole numbers (int where they fit), doubles, truth values. */
final class PlainValues {
  private static final int BOOLEAN = 0;
  private static final int INT32 = 1;
  private static final int INT64 = 2;
  private static final int FLOAT = 4;
  private static final int DOUBLE = 5;
  private static final int BYTES = 6;
  private static final int FIXED = 7;

  private PlainValues() {}

  /** {@code count} values in one of the encodings that writers use. */
  static @Nullable Object[] read(ByteBuffer in, SchemaNode leaf, int count, int encoding, Object @Nullable [] dictionary) {
    if (leaf.meaning() == SchemaNode.Meaning.DECIMAL) {
      throw new IllegalArgumentException("column " + leaf.name() + " holds decimals; write them as doubles");
    }
    return switch (encoding) {
      case 0 -> read(in, leaf, count);
      case 2, 8 -> looked(in, leaf, count, dictionary);
      case 3 -> runs(in, leaf, count);
      case 5 -> differences(in, leaf, count);
      case 6 -> lengths(in, leaf, count);
      case 7 -> prefixes(in, leaf, count);
      default -> throw new IllegalArgumentException("column " + leaf.name() + " has encoding " + encoding
          + "; write it with plain or dictionary encoding");
    };
  }

  /** {@code count} values one behind the other. */
  static Object[] read(ByteBuffer in, SchemaNode leaf, int count) {
    Object[] out = new Object[checked(count, in, leaf)];
    for (int i = 0; i < count; i++) {
      out[i] = switch (leaf.type()) {
        case BOOLEAN -> (in.get(in.position() + (i >>> 3)) >>> (i & 7) & 1) == 1;
        case INT32 -> in.getInt();
        case INT64 -> whole(in.getLong());
        case FLOAT -> (double) in.getFloat();
        case DOUBLE -> in.getDouble();
        case BYTES -> text(bytes(in, in.getInt()));
        case FIXED -> text(bytes(in, leaf.width()));
        default -> throw new IllegalArgumentException("column " + leaf.name() + " has the type INT96; write times as text");
      };
    }
    return out;
  }

  /** A broken count must not ask for more memory than the page could fill. */
  private static int checked(int count, ByteBuffer in, SchemaNode leaf) {
    int bits = switch (leaf.type()) {
      case BOOLEAN -> 1;
      case INT32, FLOAT, BYTES -> 32;
      case FIXED -> 8 * leaf.width();
      default -> 64;
    };
    if (count < 0 || (long) count * bits > 8L * in.remaining()) {
      throw new IllegalArgumentException(count + " values in " + in.remaining() + " bytes");
    }
    return count;
  }

  private static Object[] looked(ByteBuffer in, SchemaNode leaf, int count, Object @Nullable [] dictionary) {
    if (dictionary == null) {
      throw new IllegalArgumentException("column " + leaf.name() + " has no dictionary page");
    }
    int[] places = count == 0 ? new int[0] : Hybrid.read(in, in.get(), count);
    Object[] out = new Object[count];
    for (int i = 0; i < count; i++) {
      out[i] = dictionary[places[i]];
    }
    return out;
  }

  private static Object[] runs(ByteBuffer in, SchemaNode leaf, int count) {
    if (leaf.type() != BOOLEAN) {
      throw new IllegalArgumentException("run lengths for column " + leaf.name() + ", which holds no truth values");
    }
    int length = in.getInt();
    int[] bits = Hybrid.read(in.slice(in.position(), length), 1, count);
    Object[] out = new Object[count];
    for (int i = 0; i < count; i++) {
      out[i] = bits[i] == 1;
    }
    return out;
  }

  private static Object[] differences(ByteBuffer in, SchemaNode leaf, int count) {
    long[] numbers = Delta.read(in, count);
    Object[] out = new Object[exact(numbers, count)];
    for (int i = 0; i < count; i++) {
      out[i] = leaf.type() == INT32 ? (Object) (int) numbers[i] : whole(numbers[i]);
    }
    return out;
  }

  private static int exact(long[] numbers, int count) {
    if (numbers.length != count) {
      throw new IllegalArgumentException(numbers.length + " values instead of " + count);
    }
    return count;
  }

  private static Object[] lengths(ByteBuffer in, SchemaNode leaf, int count) {
    long[] lengths = Delta.read(in, count);
    Object[] out = new Object[exact(lengths, count)];
    for (int i = 0; i < count; i++) {
      out[i] = text(bytes(in, Math.toIntExact(lengths[i])));
    }
    return out;
  }

  private static Object[] prefixes(ByteBuffer in, SchemaNode leaf, int count) {
    long[] shared = Delta.read(in, count);
    long[] lengths = Delta.read(in, count);
    Object[] out = new Object[Math.min(exact(shared, count), exact(lengths, count))];
    byte[] before = {};
    for (int i = 0; i < count; i++) {
      byte[] own = bytes(in, Math.toIntExact(lengths[i]));
      int common = Math.toIntExact(shared[i]);
      byte[] whole = new byte[Math.addExact(common, own.length)];
      System.arraycopy(before, 0, whole, 0, common);
      System.arraycopy(own, 0, whole, common, own.length);
      out[i] = text(whole);
      before = whole;
    }
    return out;
  }

  private static byte[] bytes(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("a value of " + length + " bytes where " + in.remaining() + " are left");
    }
    byte[] out = new byte[length];
    in.get(out);
    return out;
  }

  private static Object whole(long value) {
    return value == (int) value ? (Object) (int) value : (Object) value;
  }

  /** Text where the bytes are text (old writers do not say so), else base64. */
  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return Base64.getEncoder().encodeToString(bytes);
    }
  }
}
