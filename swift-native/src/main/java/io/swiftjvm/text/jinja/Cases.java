package io.swiftjvm.text.jinja;

import java.util.Locale;
import java.util.function.IntPredicate;

/** Upper and lower case as Python has it, independent of the locale. */
final class Cases {
  private Cases() {}

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int end = Character.charCount(text.codePointAt(0));
    return titled(text.codePointAt(0)) + lower(text.substring(end));
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      out.append(inWord ? lower(Character.toString(c)) : titled(c));
      inWord = isCased(c);
    }
    return out.toString();
  }

  static String swap(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(c -> {
      String one = Character.toString(c);
      out.append(Character.isUpperCase(c) ? lower(one) : upper(one));
    });
    return out.toString();
  }

  static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }

  static boolean hasCase(String text) {
    return text.codePoints().anyMatch(Cases::isCased);
  }

  static boolean isLower(String text) {
    return hasCase(text) && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String text) {
    return hasCase(text) && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  private static String titled(int c) {
    int title = Character.toTitleCase(c);
    return title == c && Character.isLowerCase(c) ? upper(Character.toString(c)) : Character.toString(title);
  }
}
