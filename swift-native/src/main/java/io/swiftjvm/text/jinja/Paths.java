package io.swiftjvm.text.jinja;

/** Attribute arguments of filters: {@code "name"}, {@code "function.name"}, {@code 0}. */
final class Paths {
  private Paths() {}

  static Object get(Object item, Object path) {
    if (!(path instanceof String text)) {
      return Access.item(item, path);
    }
    Object value = item;
    for (String part : text.split("\\.", -1)) {
      boolean number = !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
      value = Access.item(value, number ? (Object) Long.valueOf(part) : part);
    }
    return value;
  }
}
