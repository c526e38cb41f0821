package io.swiftjvm.model;

import org.jspecify.annotations.Nullable;

/** Something that was put on a model and can be found again by its name, such as an adapter. */
public interface Attachment {
  /** The name, once on a model. */
  String name();

  /** What it does behind every decoder block; null = nothing. */
  default @Nullable BlockChange blockChange() {
    return null;
  }
}
