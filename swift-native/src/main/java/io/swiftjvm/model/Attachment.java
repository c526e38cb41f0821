package io.swiftjvm.model;

/** Something that was put on a model and can be found again by its name, such as an adapter. */
public interface Attachment {
  /** The name, once on a model. */
  String name();
}
