package io.swiftjvm.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.data.tools.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/**
 * Parts the text of an answer from the calls in it, while it comes. What could become a call is held back; what began
 * like one and was none is shown in the end. How the text is cut into pieces changes nothing of what is shown in all.
 */
final class ToolReader {
  private static final JsonMapper JSON = new JsonMapper();

  private final ToolDialect dialect;
  private final ToolTypes types;
  private final boolean several;
  private final StringBuilder held = new StringBuilder();
  private boolean blank = true;
  private boolean inside;
  private boolean behindCall;
  private int calls;
  private @Nullable JsonSpan arguments;
  private int shown;

  /**
   * A reader at the beginning of an answer.
   *
   * @param types what the arguments of the tools are
   * @param several false if calls but the first are left out
   */
  ToolReader(ToolDialect dialect, ToolTypes types, boolean several) {
    this.dialect = dialect;
    this.types = types;
    this.several = several;
  }

  /**
   * More of a call.
   *
   * @param index of the call
   * @param name of the function, where the call begins; else null
   * @param arguments the next piece of them
   */
  record Piece(int index, @Nullable String name, String arguments) {}

  /** Text and pieces of calls that may be shown now. */
  record Shown(String text, List<Piece> calls) {}

  /** True once a call began. */
  boolean called() {
    return calls > 0;
  }

  Shown push(String text) {
    held.append(text);
    StringBuilder out = new StringBuilder();
    List<Piece> pieces = new ArrayList<>();
    boolean more = true;
    while (more) {
      more = inside ? inside(out, pieces) : outside(out);
    }
    return new Shown(out.toString(), pieces);
  }

  /** What is left when the answer is over. */
  Shown end() {
    List<Piece> pieces = new ArrayList<>();
    StringBuilder out = new StringBuilder();
    if (inside && arguments == null && shown == 0) {
      complete(held.toString(), out, pieces);
    } else if (!inside && !(called() && held.toString().isBlank())) {
      out.append(held);
    }
    held.setLength(0);
    return new Shown(out.toString(), pieces);
  }

  private boolean outside(StringBuilder out) {
    if (!dialect.first() || blank) {
      int at = begin();
      if (at >= 0) {
        show(held.substring(0, at).stripTrailing(), out);
        held.delete(0, at);
        inside = true;
        shown = 0;
        return true;
      }
    }
    int safe = safe();
    show(held.substring(0, safe), out);
    held.delete(0, safe);
    return false;
  }

  private void show(String text, StringBuilder out) {
    // what is shown ends with a char that is no blank
    out.append(behindCall ? text.stripLeading() : text);
    behindCall &= text.isEmpty();
    blank &= text.isEmpty();
  }

  private int begin() {
    int first = -1;
    for (String begin : dialect.begins()) {
      int at = held.indexOf(begin);
      boolean there = at >= 0 && (!dialect.first() || held.substring(0, at).isBlank());
      first = there && (first < 0 || at < first) ? at : first;
    }
    return first;
  }

  /** Chars that neither begin a call nor are blanks that may stand before one. */
  private int safe() {
    int from = 0;
    while (from < held.length() && !beginning(held.substring(from))) {
      from++;
    }
    while (from > 0 && Character.isWhitespace(held.charAt(from - 1))) {
      from--;
    }
    return from;
  }

  private boolean beginning(String rest) {
    return (!dialect.first() || blank) && dialect.begins().stream().anyMatch(begin -> begin.startsWith(rest));
  }

  /** One step of what stands between a beginning and its end; true if there may be another. */
  private boolean inside(StringBuilder out, List<Piece> pieces) {
    JsonSpan span = arguments;
    if (span != null) {
      int taken = span.take(held);
      if (taken > 0 && (several || calls == 1)) {
        pieces.add(new Piece(calls - 1, null, held.substring(0, taken)));
      }
      held.delete(0, taken);
      arguments = span.over() ? null : span;
      return span.over();
    }
    int end = dialect.end().isEmpty() ? -1 : held.indexOf(dialect.end());
    Matcher header = dialect.header().matcher(held).region(0, end < 0 ? held.length() : end);
    header.useTransparentBounds(true);
    if (header.find()) {
      name(unescaped(header.group(1) == null ? header.group(2) : header.group(1)), pieces);
      held.delete(0, header.end());
      arguments = new JsonSpan();
      shown++;
      return true;
    }
    if (end >= 0) {
      int behind = end + dialect.end().length();
      if (shown == 0) {
        complete(held.substring(0, behind), out, pieces);
      }
      held.delete(0, behind);
      inside = false;
      behindCall = true;
      return true;
    }
    return false;
  }

  private void name(String name, List<Piece> pieces) {
    calls++;
    if (several || calls == 1) {
      pieces.add(new Piece(calls - 1, name, ""));
    }
  }

  /** Calls that were not read piece by piece. */
  private void complete(String text, StringBuilder out, List<Piece> pieces) {
    List<ToolCall> found = dialect.form().parse(text);
    for (ToolCall call : found) {
      name(call.name(), pieces);
      if (several || calls == 1) {
        pieces.add(new Piece(calls - 1, null, types.arguments(call)));
      }
    }
    if (found.isEmpty()) {
      out.append(text);
    }
  }

  private static String unescaped(String name) {
    try {
      return name.contains("\\") ? JSON.readValue('"' + name + '"', String.class) : name.strip();
    } catch (JsonProcessingException e) {
      return name;
    }
  }

  /** Finds the end of a JSON object. */
  private static final class JsonSpan {
    private int depth;
    private boolean string;
    private boolean escaped;
    private boolean begun;

    boolean over() {
      return begun && depth == 0;
    }

    /** The chars of {@code text} that belong to the object. */
    int take(CharSequence text) {
      int at = 0;
      while (at < text.length() && !over()) {
        char c = text.charAt(at++);
        begun = true;
        if (string) {
          string = escaped || c != '"';
          escaped = !escaped && c == '\\';
        } else if (c == '"') {
          string = true;
        } else if (c == '{' || c == '[') {
          depth++;
        } else if (c == '}' || c == ']') {
          depth--;
        }
      }
      return at;
    }
  }
}
