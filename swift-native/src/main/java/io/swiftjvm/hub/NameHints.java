package io.swiftjvm.hub;

import java.util.Collection;
import java.util.Comparator;
import java.util.stream.Collectors;

/** Picks the few names worth showing when one was not found. */
final class NameHints {
  private static final int SHOWN = 5;

  private NameHints() {}

  /** Up to five of {@code names}, those sharing the longest end with {@code asked} first. */
  static String nearest(String asked, Collection<String> names) {
    String list = names.stream()
        .sorted(Comparator.comparingInt((String name) -> -commonEnd(asked, name)).thenComparing(name -> name))
        .limit(SHOWN)
        .map(StrictJson::shown)
        .collect(Collectors.joining(", "));
    return names.size() > SHOWN ? list + ", ..." : list;
  }

  private static int commonEnd(String a, String b) {
    int n = 0;
    while (n < a.length() && n < b.length() && a.charAt(a.length() - 1 - n) == b.charAt(b.length() - 1 - n)) {
      n++;
    }
    return n;
  }
}
