package io.swiftjvm.tensor;

/** Where a scope gets its memory: a device's pool. */
@FunctionalInterface
public interface Allocator {
  /** Storage of at least {@code bytes} bytes with undefined content and one reference. */
  Storage allocate(long bytes);
}
