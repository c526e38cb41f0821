package io.swiftjvm.text.jinja;

/**
 * What a missing variable, attribute or item evaluates to: empty text, false, empty sequence; any other use fails with
 * the message.
 */
final class Undefined {
  private final String message;

  private Undefined(String message) {
    this.message = message;
  }

  static Undefined because(String message) {
    return new Undefined(message);
  }

  static Undefined variable(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  static Undefined attribute(Object owner, String name) {
    return new Undefined("'" + Types.described(owner) + "' has no attribute '" + name + "'");
  }

  static Undefined item(Object owner, String key) {
    return new Undefined(Types.described(owner) + " has no element " + key);
  }

  JinjaError fail() {
    return new JinjaError(message);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 0;
  }
}
