package io.swiftjvm.text.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** C's {@code strftime} in English. */
final class Strftime {
  private Strftime() {}

  static String format(Run run, String format, Clock clock) {
    ZonedDateTime now = ZonedDateTime.now(clock);
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < format.length(); at++) {
      run.budget().tick();
      char c = format.charAt(at);
      if (c != '%' || at + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char directive = format.charAt(++at);
      boolean bare = directive == '-' && at + 1 < format.length();
      String text = directive(bare ? format.charAt(++at) : directive, now);
      out.append(bare && text.length() > 1 ? unpadded(text) : text);
    }
    run.budget().text(out.length());
    return out.toString();
  }

  private static String unpadded(String text) {
    int zeros = 0;
    while (zeros < text.length() - 1 && (text.charAt(zeros) == '0' || text.charAt(zeros) == ' ')) {
      zeros++;
    }
    return text.substring(zeros);
  }

  private static String directive(char letter, ZonedDateTime now) {
    return switch (letter) {
      case '%' -> "%";
      case 'n' -> "\n";
      case 't' -> "\t";
      case 'e' -> String.format(Locale.ROOT, "%2d", now.getDayOfMonth());
      case 'w' -> Integer.toString(now.getDayOfWeek().getValue() % 7);
      case 'u' -> Integer.toString(now.getDayOfWeek().getValue());
      case 's' -> Long.toString(now.toEpochSecond());
      case 'f' -> String.format(Locale.ROOT, "%06d", now.getNano() / 1000);
      default -> now.format(DateTimeFormatter.ofPattern(pattern(letter), Locale.ENGLISH));
    };
  }

  private static String pattern(char letter) {
    return switch (letter) {
      case 'Y' -> "yyyy";
      case 'y' -> "yy";
      case 'm' -> "MM";
      case 'd' -> "dd";
      case 'H' -> "HH";
      case 'I' -> "hh";
      case 'M' -> "mm";
      case 'S' -> "ss";
      case 'p' -> "a";
      case 'B' -> "MMMM";
      case 'b', 'h' -> "MMM";
      case 'A' -> "EEEE";
      case 'a' -> "EEE";
      case 'j' -> "DDD";
      case 'F' -> "yyyy-MM-dd";
      case 'T', 'X' -> "HH:mm:ss";
      case 'D', 'x' -> "MM/dd/yy";
      case 'R' -> "HH:mm";
      case 'c' -> "EEE MMM ppd HH:mm:ss yyyy";
      case 'z' -> "xx";
      case 'Z' -> "zzz";
      default -> throw new JinjaError("strftime_now does not know the directive '%" + letter + "'");
    };
  }
}
