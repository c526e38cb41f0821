package io.swiftjvm.tensor;

import io.swiftjvm.error.Closing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Owns the memory of the tensors made in it and gives it back when closed; a tensor used afterwards throws. Scopes
 * nest:
 * {@link #keep} hands a result to the parent. A scope belongs to one thread at a time.
 *
 * {@snippet :
 * try (var step = new Scope(backend); var layer = step.child()) {
 *   Tensor y = layer.tensor(DType.F32, 4, 8);
 *   layer.keep(y); // lives until `step` is closed
 * }
 * }
 */
public final class Scope implements AutoCloseable {
  private final Allocator allocator;
  private final @Nullable Scope parent;
  private final List<Storage> owned = new ArrayList<>();
  private boolean closed;

  public Scope(Allocator allocator) {
    this(allocator, null);
  }

  private Scope(Allocator allocator, @Nullable Scope parent) {
    this.allocator = allocator;
    this.parent = parent;
  }

  /** A scope inside this one, for temporaries that go back earlier. */
  public Scope child() {
    return new Scope(allocator, this);
  }

  /** A new tensor with undefined content. */
  public Tensor tensor(DType dtype, long... shape) {
    if (closed) {
      throw new IllegalStateException("the scope is closed");
    }
    long elements = 1;
    for (long d : shape) {
      elements = Math.multiplyExact(elements, d);
    }
    long columns = shape.length == 0 ? 1 : shape[shape.length - 1];
    Storage storage = allocator.allocate(dtype.bytes(columns == 0 ? 0 : elements / columns, columns));
    owned.add(storage);
    return Tensor.of(storage, dtype, shape);
  }

  /** A new float32 tensor with undefined content. */
  public Tensor floats(long... shape) {
    return tensor(DType.F32, shape);
  }

  /** A new float32 tensor with the given elements. */
  public Tensor floats(float[] values, long... shape) {
    Tensor t = tensor(DType.F32, shape);
    if (t.size() != values.length) {
      throw new IllegalArgumentException(values.length + " values do not fill " + t);
    }
    t.write(MemorySegment.ofArray(values), 0);
    return t;
  }

  /** A new int32 tensor (n) with the given elements. */
  public Tensor ints(int... values) {
    Tensor t = tensor(DType.I32, values.length);
    t.write(MemorySegment.ofArray(values), 0);
    return t;
  }

  /** Takes over one reference to storage made elsewhere. */
  public void adopt(Storage storage) {
    if (closed) {
      throw new IllegalStateException("the scope is closed");
    }
    owned.add(storage);
  }

  /** Lets a tensor outlive this scope: its memory now also belongs to the parent. */
  public Tensor keep(Tensor tensor) {
    Scope p = parent;
    if (p == null) {
      throw new IllegalStateException("this scope has no parent to keep a tensor for");
    }
    tensor.storage().retain();
    p.adopt(tensor.storage());
    return tensor;
  }

  /** Gives all memory back. Closing twice is harmless. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      Closing.each(owned.reversed(), Storage::release);
    } finally {
      owned.clear();
    }
  }
}
