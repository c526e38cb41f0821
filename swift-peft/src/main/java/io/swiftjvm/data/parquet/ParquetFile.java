package io.swiftjvm.data.parquet;

import io.swiftjvm.error.DatasetException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.BufferUnderflowException;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a Parquet file in order, as plain data: nested lists and structures too. Pages uncompressed or compressed with
 * snappy or gzip, in plain, dictionary, run-length and delta encodings; anything else is refused by name. The file is
 * mapped, and one page of every column is in memory.
 *
 * {@snippet :
 * try (ParquetFile file = ParquetFile.open(Path.of("train.parquet"))) {
 *   for (Map<String, Object> row = file.next(); row != null; row = file.next()) { ... }
 * }
 * }
 *
 * <p>Format: the Apache Parquet specification (file layout, levels, encodings) and the Thrift compact protocol.
 */
public final class ParquetFile implements AutoCloseable {
  private static final int MAGIC = 0x31524150; // "PAR1"
  private static final int SMALLEST = 12;

  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes;
  private final SchemaNode root;
  private final List<ThriftStruct> groups;
  private final List<ColumnCursor> cursors = new ArrayList<>();
  private int group;
  private long left;
  private long row;

  private ParquetFile(Path path) {
    this.path = path;
    boolean done = false;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      ThriftStruct footer = footer();
      root = SchemaNode.read(footer.structs(2));
      groups = footer.structs(4);
      done = true;
    } catch (IOException e) {
      throw new DatasetException(path + " cannot be read: " + e, e);
    } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException | BufferUnderflowException e) {
      throw damaged("its metadata are damaged", e);
    } finally {
      if (!done) {
        arena.close();
      }
    }
  }

  /** Opens a file and reads its metadata. */
  public static ParquetFile open(Path path) {
    return new ParquetFile(path);
  }

  private ThriftStruct footer() {
    long size = bytes.byteSize();
    ValueLayout.OfInt word = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    if (size < SMALLEST || bytes.get(word, 0) != MAGIC || bytes.get(word, size - 4) != MAGIC) {
      throw new IllegalArgumentException("it does not begin and end with PAR1");
    }
    long length = bytes.get(word, size - 8);
    if (length < 0 || length > size - SMALLEST) {
      throw new IllegalArgumentException("a footer of " + length + " bytes in a file of " + size);
    }
    return ThriftStruct.read(bytes.asSlice(size - 8 - length, length).asByteBuffer());
  }

  /** Number of the row that {@link #next} gave last, from 1. */
  public long row() {
    return row;
  }

  /** The next row by column names, null at the end; a damaged file throws {@link DatasetException} with the row. */
  public @Nullable Map<String, @Nullable Object> next() {
    try {
      while (left == 0) {
        if (group == groups.size()) {
          return null;
        }
        open(groups.get(group++));
      }
      left--;
      row++;
      return structure(root);
    } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException | BufferUnderflowException
        | NegativeArraySizeException e) {
      throw damaged("row " + row + " cannot be read", e);
    } catch (DatasetException e) {
      throw new DatasetException(path + ": " + e.getMessage(), e);
    }
  }

  private DatasetException damaged(String what, RuntimeException cause) {
    return new DatasetException(path + " is no Parquet file that can be read: " + what + " (" + cause.getMessage()
        + "). Write it again, or convert it to JSONL.", cause);
  }

  private void open(ThriftStruct rows) {
    cursors.clear();
    left = rows.number(3);
    if (left == 0) {
      return;
    }
    List<ThriftStruct> columns = rows.structs(1);
    List<SchemaNode> leaves = root.leaves();
    if (columns.size() != leaves.size()) {
      throw new IllegalArgumentException(columns.size() + " columns for a schema of " + leaves.size());
    }
    for (int i = 0; i < leaves.size(); i++) {
      cursors.add(new ColumnCursor(bytes, leaves.get(i), columns.get(i).struct(3)));
    }
  }

  private Map<String, @Nullable Object> structure(SchemaNode node) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    for (SchemaNode child : node.children()) {
      out.put(child.name(), field(child));
    }
    return out;
  }

  /** The value of a node at the cursors' place; the cursors of its leaves move behind it. */
  private @Nullable Object field(SchemaNode node) {
    ColumnCursor first = cursors.get(node.leaf());
    if (node.repetition() == SchemaNode.Repetition.REPEATED) {
      return repeated(node, node, false);
    }
    if (first.definition() < node.definition()) {
      skip(node);
      return null;
    }
    if (node.children().size() == 1 && node.children().getFirst().repetition() == SchemaNode.Repetition.REPEATED) {
      SchemaNode inner = node.children().getFirst();
      if (node.meaning() == SchemaNode.Meaning.LIST) {
        return repeated(inner, inner, wrapped(node, inner));
      }
      if (node.meaning() == SchemaNode.Meaning.MAP && inner.children().size() == 2) {
        return map(inner);
      }
    }
    return content(node);
  }

  /** Whether the repeated node is only there to hold the element: the specification's rules for old writers. */
  private static boolean wrapped(SchemaNode list, SchemaNode inner) {
    return inner.children().size() == 1 && !inner.name().equals("array") && !inner.name().equals(list.name() + "_tuple");
  }

  private List<@Nullable Object> repeated(SchemaNode node, SchemaNode element, boolean wrapped) {
    List<@Nullable Object> out = new ArrayList<>();
    ColumnCursor first = cursors.get(node.leaf());
    if (first.definition() < node.definition()) {
      skip(node);
      return out;
    }
    do {
      out.add(wrapped ? field(element.children().getFirst()) : content(element));
    } while (!first.ended() && first.repeat() == node.repeat());
    return out;
  }

  private Map<String, @Nullable Object> map(SchemaNode pairs) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    for (Object pair : repeated(pairs, pairs, false)) {
      if (pair instanceof Map<?, ?> entry) {
        out.put(String.valueOf(entry.get(pairs.children().get(0).name())), entry.get(pairs.children().get(1).name()));
      }
    }
    return out;
  }

  private @Nullable Object content(SchemaNode node) {
    if (node.type() < 0) {
      return structure(node);
    }
    ColumnCursor cursor = cursors.get(node.leaf());
    Object value = cursor.value();
    cursor.advance();
    return value;
  }

  private void skip(SchemaNode node) {
    for (int i = 0; i < node.leaves().size(); i++) {
      cursors.get(node.leaf() + i).advance();
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
