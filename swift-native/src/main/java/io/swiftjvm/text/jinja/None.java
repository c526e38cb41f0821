package io.swiftjvm.text.jinja;

/** Python's {@code None}; inside the interpreter there is no Java null among the values. */
enum None { NONE }
