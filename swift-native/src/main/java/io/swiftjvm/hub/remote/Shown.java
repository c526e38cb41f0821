package io.swiftjvm.hub.remote;

/** Foreign text in messages. */
final class Shown {
  private static final int MAX = 200;

  private Shown() {}

  /** {@code text} fit for a message: control characters replaced, at most 200 characters. */
  static String of(String text) {
    String clean = text.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
    return clean.length() <= MAX ? clean : clean.substring(0, MAX) + "...";
  }
}
