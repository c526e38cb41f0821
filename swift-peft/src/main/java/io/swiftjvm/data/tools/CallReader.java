package io.swiftjvm.data.tools;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.data.rows.PlainLiterals;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads calls by the texts that describe how they are written; blanks between tags do not matter. */
final class CallReader {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([A-Z]+)}}");
  private static final String WORD = "([^\\n<>\"]+)";

  private final String start;
  private final String key;
  private final boolean typed;
  private final @Nullable Pattern call;
  private final @Nullable Pattern argument;
  private final boolean whole;

  CallReader(JsonNode texts) {
    String text = texts.path("call").asText();
    String calls = texts.path("calls").asText();
    this.start = calls.substring(0, Math.max(0, calls.indexOf("{{CALLS}}"))).strip();
    this.key = texts.path("key").asText("arguments");
    this.typed = texts.path("typed").asBoolean();
    this.whole = text.contains("{{CALL}}");
    String given = texts.path("pattern").asText();
    Pattern pattern = given.isEmpty() ? pattern(text) : Pattern.compile(given, Pattern.DOTALL);
    this.call = text.equals("{{CALL}}") ? null : pattern;
    this.argument = texts.has("argument") ? pattern(texts.path("argument").asText()) : null;
  }

  private static Pattern pattern(String text) {
    StringBuilder out = new StringBuilder();
    Matcher matcher = PLACEHOLDER.matcher(text);
    int from = 0;
    while (matcher.find()) {
      out.append(literal(text.substring(from, matcher.start()))).append(switch (matcher.group(1)) {
        case "NAME", "KEY" -> WORD;
        case "STRING" -> "(?<string>true|false)";
        default -> "(?<rest>.*?)";
      });
      from = matcher.end();
    }
    return Pattern.compile(out.append(literal(text.substring(from))).toString(), Pattern.DOTALL);
  }

  private static String literal(String text) {
    StringBuilder out = new StringBuilder();
    for (String word : text.split("(?<=\\s)|(?=\\s)", -1)) {
      out.append(word.isBlank() ? "\\s*" : Pattern.quote(word));
    }
    return out.toString();
  }

  List<ToolCall> read(String generated) {
    List<ToolCall> out = new ArrayList<>();
    if (call == null) {
      int at = generated.indexOf(start);
      JsonCalls.scan(at < 0 ? "" : generated.substring(at)).forEach(m -> JsonCalls.read(m, key).ifPresent(out::add));
      return out;
    }
    for (MatchResult found : call.matcher(generated).results().toList()) {
      String first = found.group(1).strip();
      if (whole) {
        if (PlainLiterals.parseOr(first, "") instanceof Map<?, ?> map) {
          JsonCalls.read(map, key).ifPresent(out::add);
        }
      } else {
        String rest = found.group(2).strip();
        out.add(argument == null ? new ToolCall(first, rest) : ToolCall.of(first, arguments(argument, rest)));
      }
    }
    return out;
  }

  private Map<String, @Nullable Object> arguments(Pattern pattern, String text) {
    Map<String, @Nullable Object> out = new LinkedHashMap<>();
    boolean flagged = pattern.namedGroups().containsKey("string");
    for (MatchResult found : pattern.matcher(text).results().toList()) {
      String value = found.group("rest").strip();
      boolean plain = flagged ? found.group("string").equals("true") : !typed;
      boolean nothing = flagged && value.equals("null");
      out.put(found.group(1).strip(), plain ? value : nothing ? null : PlainLiterals.parseOr(value, value));
    }
    return out;
  }
}
