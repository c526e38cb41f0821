package io.swiftjvm.plan;

import java.util.Collection;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** Suggests the known name nearest to a mistyped one. */
public final class Nearest {
  private Nearest() {}

  /** {@code " Did you mean 'X'?"}, or nothing if no name is near. */
  public static String hint(String given, Collection<String> names) {
    return hint(given, names, "");
  }

  /** The same, with {@code prefix} before X. */
  public static String hint(String given, Collection<String> names, String prefix) {
    String best = of(given, names);
    return best == null ? "" : " Did you mean '" + prefix + best + "'?";
  }

  private static @Nullable String of(String given, Collection<String> names) {
    return names.stream()
        .min(Comparator.comparingInt(name -> distance(given, name)))
        .filter(name -> distance(given, name) <= Math.max(2, given.length() / 2))
        .orElse(null);
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
