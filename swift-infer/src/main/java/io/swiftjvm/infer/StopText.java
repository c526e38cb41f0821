package io.swiftjvm.infer;

import java.util.List;

/**
 * Lets text through until a stop text is complete. What could still become a stop text is held back. Works char by
 * char, so that neither what is let through in all nor where it stops depends on how the text arrives.
 */
final class StopText {
  private final List<String> stops;
  private final boolean include;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  StopText(List<String> stops, boolean include) {
    this.stops = stops;
    this.include = include;
  }

  /** True once a stop text came; what comes later is swallowed. */
  boolean stopped() {
    return stopped;
  }

  /** Takes more text and returns what may be shown now. */
  String push(String text) {
    if (stops.isEmpty()) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length() && !stopped; i++) {
      held.append(text.charAt(i));
      int stop = complete();
      if (stop >= 0) {
        stopped = true;
        out.append(held, 0, include ? held.length() : stop);
        held.setLength(0);
      } else {
        int safe = safe();
        out.append(held, 0, safe);
        held.delete(0, safe);
      }
    }
    return out.toString();
  }

  /** What was held back, when nothing follows. */
  String end() {
    String rest = held.toString();
    held.setLength(0);
    return rest;
  }

  /** Where the longest stop text that is complete begins, or -1. */
  private int complete() {
    int from = -1;
    for (String stop : stops) {
      int start = held.length() - stop.length();
      if (start >= 0 && (from < 0 || start < from) && held.indexOf(stop, start) == start) {
        from = start;
      }
    }
    return from;
  }

  /** Length of what cannot be the beginning of a stop text any more. */
  private int safe() {
    for (int from = 0; from < held.length(); from++) {
      String rest = held.substring(from);
      if (stops.stream().anyMatch(stop -> stop.startsWith(rest))) {
        return from;
      }
    }
    return held.length();
  }
}
