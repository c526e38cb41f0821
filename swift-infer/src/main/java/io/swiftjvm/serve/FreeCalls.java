package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Text that may hold calls of tools in a model's own form: a call that has begun is completed, and its arguments keep to
 * their schema. What begins a call must be told from text, so bare JSON at the beginning of an answer is left as it is.
 */
final class FreeCalls {
  private static final int MOST_CALLS = 64;
  private static final int MOST_ARGUMENTS = 64;
  private static final Grammar TEXT = Grammar.regex("[\\s\\S]*");
  private static final Grammar BLANKS = Grammar.regex("[ \\n\\r\\t]{0,8}");

  /** How a model writes calls. */
  enum Kind {
    /** In a way that cannot be told from text. */
    NONE,
    /** {@code <tool_call>{"name": .., "arguments": ..}</tool_call>}: Hermes, Qwen. */
    HERMES,
    /** Tags for each argument: GLM-4.5 and later. */
    GLM,
    /** Other tags for each argument: Qwen3-Coder. */
    CODER,
    /** {@code [TOOL_CALLS][{"name": .., "arguments": ..}]}: Mistral until the tokenizer's version 7. */
    MISTRAL_LIST,
    /** {@code [TOOL_CALLS]name[ARGS]{..}}: Mistral from version 11 on. */
    MISTRAL_NAMES,
    /** With Markdown around the arguments: DeepSeek V3 and R1. */
    DEEPSEEK_FENCED,
    /** DeepSeek V3.1. */
    DEEPSEEK,
    /** {@code <|python_tag|>{"name": .., "parameters": ..}}: Llama 3. */
    LLAMA
  }

  private final Map<String, Fields> functions;
  private final boolean exact;
  private final boolean parallel;
  private final Predicate<String> special;

  private FreeCalls(Map<String, Fields> functions, boolean exact, boolean parallel, Predicate<String> special) {
    this.functions = functions;
    this.exact = exact;
    this.parallel = parallel;
    this.special = special;
  }

  /**
   * Forms of an answer, the best one first: where a schema has what no form can promise and no tool is strict, the
   * arguments of the second are any.
   *
   * @param special true for what is a special token of the model
   */
  static List<Grammar> of(Kind kind, Map<String, Fields> functions, boolean parallel, Predicate<String> special) {
    if (kind == Kind.NONE || functions.isEmpty()) {
      return List.of();
    }
    boolean strict = functions.values().stream().anyMatch(function -> function.flag("strict", false));
    return (strict ? List.of(true) : List.of(true, false)).stream()
        .map(exact -> new FreeCalls(functions, exact, parallel, special).answer(kind)).toList();
  }

  private Grammar answer(Kind kind) {
    return switch (kind) {
      case NONE -> TEXT;
      case HERMES -> tagged(sequence(json("arguments"), BLANKS));
      case GLM -> tagged(sequence(BLANKS, each((name, function) -> sequence(Grammar.text(name + "\n"), BLANKS,
          arguments(function, "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")))));
      case CODER -> tagged(sequence(BLANKS, each((name, function) -> sequence(Grammar.text("<function=" + name + ">"),
          BLANKS, arguments(function, "<parameter=", ">", "", "</parameter>"), Grammar.text("</function>"), BLANKS))));
      case MISTRAL_LIST -> ending("[TOOL_CALLS]", sequence(BLANKS, Grammar.text("["),
          several(json("arguments"), Grammar.text(",")), Grammar.text("]"), BLANKS));
      case MISTRAL_NAMES -> {
        Grammar id = Grammar.repeat(sequence(mark("[CALL_ID]"), Grammar.regex("[A-Za-z0-9_-]{1,40}")), 0, 1);
        yield ending("[TOOL_CALLS]", several(each((name, function) -> sequence(Grammar.text(name), id, mark("[ARGS]"),
            parameters(function), BLANKS)), mark("[TOOL_CALLS]")));
      }
      case DEEPSEEK_FENCED -> deepseek(sequence(Grammar.text("function"), mark("<｜tool▁sep｜>")), Grammar.text("\n```json\n"),
          Grammar.text("\n```"));
      case DEEPSEEK -> deepseek(sequence(), mark("<｜tool▁sep｜>"), sequence());
      case LLAMA -> {
        Grammar calls = sequence(BLANKS, mark("<|python_tag|>"), several(json("parameters"), Grammar.text(";")));
        yield Grammar.oneOf(List.of(without("<|python_tag|>"), calls));
      }
    };
  }

  /** Text, and calls between tags in it. */
  private Grammar tagged(Grammar body) {
    String begin = "<tool_call>";
    Grammar call = sequence(until(begin), body, mark("</tool_call>"));
    Grammar rest = without(begin);
    return parallel ? sequence(Grammar.repeat(call, 0, MOST_CALLS), rest) : Grammar.oneOf(List.of(rest, call));
  }

  /** Text, or text and calls that end it. */
  private Grammar ending(String begin, Grammar calls) {
    return Grammar.oneOf(List.of(without(begin), sequence(until(begin), calls)));
  }

  private Grammar deepseek(Grammar before, Grammar between, Grammar behind) {
    Grammar call = sequence(mark("<｜tool▁call▁begin｜>"), before, each((name, function) ->
        sequence(Grammar.text(name), between, parameters(function))), behind, mark("<｜tool▁call▁end｜>"), BLANKS);
    return ending("<｜tool▁calls▁begin｜>", sequence(BLANKS, several(call, BLANKS), mark("<｜tool▁calls▁end｜>"), BLANKS));
  }

  private Grammar several(Grammar call, Grammar between) {
    return parallel ? sequence(call, Grammar.repeat(sequence(between, call), 0, MOST_CALLS - 1)) : call;
  }

  /** One of the functions, in JSON with its name first. */
  private Grammar json(String key) {
    return each((name, function) -> sequence(spaced("{", "\"name\"", ":", '"' + name + '"', ",", '"' + key + '"', ":"),
        parameters(function), spaced("}")));
  }

  @FunctionalInterface
  private interface OfFunction {
    Grammar call(String name, Fields function);
  }

  private Grammar each(OfFunction form) {
    List<Grammar> all = new ArrayList<>();
    functions.forEach((name, function) -> all.add(form.call(name, function)));
    return Grammar.oneOf(all);
  }

  private Grammar parameters(Fields function) {
    return exact ? Tools.parameters(function) : Grammar.json();
  }

  /** Arguments by their names, those of the schema in its order; a text stands as it is, all else as JSON. */
  private Grammar arguments(Fields function, String name, String named, String value, String end) {
    JsonNode schema = function.get("parameters");
    Grammar any = Grammar.repeat(sequence(mark(name), Grammar.regex("[^<>\\n]{1,64}"), mark(named), BLANKS, mark(value),
        until(end), BLANKS), 0, MOST_ARGUMENTS);
    if (schema == null) {
      return exact ? sequence() : any;
    }
    if (!exact || !(schema.get("properties") instanceof ObjectNode properties)) {
      return any;
    }
    Set<String> required = new HashSet<>();
    schema.path("required").forEach(one -> required.add(one.asText()));
    List<Grammar> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      Grammar one = sequence(mark(name), Grammar.text(property.getKey()), mark(named), BLANKS, mark(value),
          value(property.getValue(), schema, end), BLANKS);
      all.add(required.contains(property.getKey()) ? one : Grammar.repeat(one, 0, 1));
    }
    return Grammar.sequence(all.toArray(Grammar[]::new));
  }

  /** The value of one argument and what ends it. */
  private Grammar value(JsonNode property, JsonNode schema, String end) {
    List<String> texts = new ArrayList<>();
    (property.has("const") ? List.of(property.get("const")) : property.path("enum")).forEach(one -> texts.add(
        one.isTextual() ? one.textValue() : one.toString()));
    if (!texts.isEmpty()) {
      return sequence(BLANKS, Grammar.choice(texts), BLANKS, mark(end));
    }
    JsonNode type = property.path("type");
    if (type.isMissingNode() && property.path("$ref").isMissingNode() || type.toString().contains("\"string\"")) {
      return until(end);
    }
    ObjectNode whole = property.deepCopy();
    for (String definitions : List.of("$defs", "definitions")) {
      if (schema.has(definitions) && !whole.has(definitions)) {
        whole.set(definitions, schema.get(definitions));
      }
    }
    return sequence(BLANKS, Grammar.json(whole.toString()), BLANKS, mark(end));
  }

  /** Texts with blanks before and behind each. */
  private static Grammar spaced(String... texts) {
    List<Grammar> parts = new ArrayList<>();
    for (String text : texts) {
      parts.add(BLANKS);
      parts.add(Grammar.text(text));
    }
    parts.add(BLANKS);
    return Grammar.sequence(parts.toArray(Grammar[]::new));
  }

  private static Grammar sequence(Grammar... parts) {
    return Grammar.sequence(parts);
  }

  private Grammar mark(String text) {
    return text.isEmpty() ? sequence() : special.test(text) ? Grammar.special(text) : Grammar.text(text);
  }

  private Grammar until(String mark) {
    return special.test(mark) ? sequence(TEXT, Grammar.special(mark)) : Grammar.until(mark);
  }

  private Grammar without(String mark) {
    return special.test(mark) ? TEXT : Grammar.without(mark);
  }
}
