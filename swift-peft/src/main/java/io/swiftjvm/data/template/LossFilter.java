package io.swiftjvm.data.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parts of an answer that a loss_scale strategy weighs differently. */
enum LossFilter {
  /** An empty think block at the start is not trained. */
  IGNORE_EMPTY_THINK("^<think>\\s*</think>\\s*", 0),
  /** The opening tag of thoughts is not trained. */
  IGNORE_THINK_PREFIX("^<think>\\n?", 0),
  /** Tool calls count twice. */
  HERMES("(?s)<tool_call>.+?</tool_call>", 2);

  private final Pattern pattern;
  private final double factor;

  LossFilter(String regex, double factor) {
    this.pattern = Pattern.compile(regex);
    this.factor = factor;
  }

  /** The filter of an ms-swift name. */
  static LossFilter of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** True if weights other than 0 and 1 come of it. */
  boolean weighs() {
    return factor != 0 && factor != 1;
  }

  List<Piece> cut(Piece piece) {
    String text = piece.text();
    if (text == null) {
      return List.of(piece);
    }
    List<Piece> out = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    int from = 0;
    while (matcher.find()) {
      out.add(Piece.of(text.substring(from, matcher.start()), piece.weight()));
      out.add(Piece.of(matcher.group(), piece.weight() * factor));
      from = matcher.end();
    }
    out.add(Piece.of(text.substring(from), piece.weight()));
    return out;
  }
}
