package io.swiftjvm.data.parquet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A structure of Thrift's compact protocol, in which Parquet writes its metadata: values by field number. Field numbers
 * are those of parquet.thrift in the format's specification.
 */
record ThriftStruct(Map<Integer, Object> fields) {
  private static final int DEPTH = 32;

  /** Reads the structure that begins at the buffer's position, which moves behind it. */
  static ThriftStruct read(ByteBuffer in) {
    return struct(in, 0);
  }

  int integer(int field) {
    return Math.toIntExact(number(field));
  }

  int integer(int field, int otherwise) {
    return fields.containsKey(field) ? integer(field) : otherwise;
  }

  long number(int field) {
    return fields.get(field) instanceof Long value ? value : fail(field, "number");
  }

  boolean flag(int field, boolean otherwise) {
    return fields.get(field) instanceof Boolean value ? value : otherwise;
  }

  String text(int field) {
    return fields.get(field) instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : fail(field, "text");
  }

  ThriftStruct struct(int field) {
    return fields.get(field) instanceof ThriftStruct struct ? struct : fail(field, "structure");
  }

  @Nullable ThriftStruct structOrNull(int field) {
    return fields.get(field) instanceof ThriftStruct struct ? struct : null;
  }

  List<ThriftStruct> structs(int field) {
    List<ThriftStruct> out = new ArrayList<>();
    if (fields.get(field) instanceof List<?> list) {
      list.forEach(item -> out.add(item instanceof ThriftStruct struct ? struct : fail(field, "list of structures")));
    }
    return out;
  }

  private static <T> T fail(int field, String what) {
    throw new IllegalArgumentException("field " + field + " is no " + what);
  }

  private static ThriftStruct struct(ByteBuffer in, int depth) {
    if (depth > DEPTH) {
      throw new IllegalArgumentException("the metadata nest more than " + DEPTH + " deep");
    }
    Map<Integer, Object> fields = new HashMap<>();
    int id = 0;
    for (int head = in.get() & 0xff; head != 0; head = in.get() & 0xff) {
      id = head >>> 4 == 0 ? (int) zigzag(in) : id + (head >>> 4);
      int type = head & 15;
      fields.put(id, type == 1 || type == 2 ? (Object) (type == 1) : value(in, type, depth));
    }
    return new ThriftStruct(fields);
  }

  private static Object value(ByteBuffer in, int type, int depth) {
    return switch (type) {
      case 1, 2 -> in.get() == 1;
      case 3 -> (long) in.get();
      case 4, 5, 6 -> zigzag(in);
      case 7 -> Double.longBitsToDouble(Long.reverseBytes(in.getLong()));
      case 8 -> {
        byte[] bytes = new byte[size(varint(in), in)];
        in.get(bytes);
        yield bytes;
      }
      case 9, 10 -> {
        int head = in.get() & 0xff;
        int size = size(head >>> 4 == 15 ? varint(in) : head >>> 4, in);
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          list.add(value(in, head & 15, depth + 1));
        }
        yield list;
      }
      case 11 -> {
        int size = size(varint(in), in);
        int types = size == 0 ? 0 : in.get() & 0xff;
        for (int i = 0; i < size; i++) { // no map is of use here
          value(in, types >>> 4, depth + 1);
          value(in, types & 15, depth + 1);
        }
        yield Map.of();
      }
      case 12 -> struct(in, depth + 1);
      default -> throw new IllegalArgumentException("type " + type + " is none of the compact protocol");
    };
  }

  /** Every element takes at least a byte, so that a broken size cannot ask for more than the file has. */
  private static int size(long size, ByteBuffer in) {
    if (size < 0 || size > in.remaining()) {
      throw new IllegalArgumentException("a size of " + size + " where " + in.remaining() + " bytes are left");
    }
    return (int) size;
  }

  static long varint(ByteBuffer in) {
    long out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = in.get();
      out |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return out;
      }
    }
    throw new IllegalArgumentException("a number has more than ten bytes");
  }

  static long zigzag(ByteBuffer in) {
    long value = varint(in);
    return value >>> 1 ^ -(value & 1);
  }
}
