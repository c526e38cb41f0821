package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;

/**
 * The form that an answer must have. Only tokens that keep to it can be chosen and the answer ends only where it is
 * complete, so an answer with {@code FinishReason.STOP} always matches; one cut by {@code maxTokens} is a beginning of
 * what matches.
 *
 * {@snippet :
 * Grammar person = Grammar.json("{\"type\": \"object\", \"properties\": {\"age\": {\"type\": \"integer\"}}}");
 * Completion answer = engine.generate(GenerateRequest.of(prompt).grammar(person));
 * Grammar call = Grammar.sequence(Grammar.text("<call>"), Grammar.regex("[a-z]+"), Grammar.text("</call>"));
 * }
 *
 * <p>A description only: it is read and compiled, within {@link GrammarLimits}, when a request with it is taken.
 */
public sealed interface Grammar {
  /** Any JSON object. */
  static Grammar json() {
    return json("{\"type\": \"object\"}");
  }

  /**
   * JSON that a schema (draft 2020-12 or older) describes. Properties come in the order of the schema; those it does
   * not name come only where it has {@code additionalProperties} or names none. References must be local.
   *
   * <p>Refused: keywords that restrict values in ways this version cannot promise, such as {@code not}, {@code if},
   * {@code contains}, {@code uniqueItems}. Unknown keywords are passed over, as the standard says.
   */
  static Grammar json(String schema) {
    return new Json(schema);
  }

  /**
   * Text that a regular expression matches from its beginning to its end. Groups, classes, {@code | * + ?} and
   * {@code {m,n}}; no references back, no lookaround.
   */
  static Grammar regex(String pattern) {
    return new Regex(pattern);
  }

  /** One of some texts, 1 or more. */
  static Grammar choice(List<String> texts) {
    return new Choice(texts);
  }

  /**
   * Rules in Backus-Naur form, as llama.cpp writes them ({@code root ::= "a" [0-9]+ | other}) or as Lark does
   * ({@code start: "a" /[0-9]+/ | other}). The rule {@code root} or {@code start}, else the first, is the answer.
   */
  static Grammar ebnf(String rules) {
    return new Ebnf(rules);
  }

  /** A text as it stands. */
  static Grammar text(String text) {
    return new Choice(List.of(text));
  }

  /**
   * One special token, by its text: {@code [TOOL_CALLS]}. All other forms are made of text, which no special token stands
   * for. Refused where the tokenizer has no such token.
   */
  static Grammar special(String token) {
    return new Special(token);
  }

  /** Any text up to and with the first {@code end}, which is not empty. */
  static Grammar until(String end) {
    return new Until(end);
  }

  /** Any text, also none, that does not hold {@code text}, which is not empty. */
  static Grammar without(String text) {
    return new Without(text);
  }

  /** One after the other. */
  static Grammar sequence(Grammar... parts) {
    return new Sequence(List.of(parts));
  }

  /** One of them, 1 or more. */
  static Grammar oneOf(List<Grammar> parts) {
    return new OneOf(parts);
  }

  /** {@code least .. most} times. */
  static Grammar repeat(Grammar part, int least, int most) {
    return new Repeat(part, least, most);
  }

  /** {@link #json(String)}. */
  record Json(String schema) implements Grammar {}

  /** {@link #regex}. */
  record Regex(String pattern) implements Grammar {}

  /** {@link #choice}. */
  record Choice(List<String> texts) implements Grammar {
    public Choice {
      texts = List.copyOf(texts);
      if (texts.isEmpty()) {
        throw new InvalidPlanException("A choice has no texts. Give at least one.");
      }
    }
  }

  /** {@link #ebnf}. */
  record Ebnf(String rules) implements Grammar {}

  /** {@link #special}. */
  record Special(String token) implements Grammar {}

  /** {@link #until}. */
  record Until(String end) implements Grammar {
    public Until {
      if (end.isEmpty()) {
        throw new InvalidPlanException("The text that ends a part of a grammar is empty. Give one.");
      }
    }
  }

  /** {@link #without}. */
  record Without(String text) implements Grammar {
    public Without {
      if (text.isEmpty()) {
        throw new InvalidPlanException("The text that a part of a grammar must not hold is empty. Give one.");
      }
    }
  }

  /** {@link #sequence}. */
  record Sequence(List<Grammar> parts) implements Grammar {
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /** {@link #oneOf}. */
  record OneOf(List<Grammar> parts) implements Grammar {
    public OneOf {
      parts = List.copyOf(parts);
      if (parts.isEmpty()) {
        throw new InvalidPlanException("A choice of grammars has none. Give at least one.");
      }
    }
  }

  /** {@link #repeat}. */
  record Repeat(Grammar part, int least, int most) implements Grammar {
    public Repeat {
      if (least < 0 || most < least) {
        throw new InvalidPlanException("A grammar is repeated " + least + " .. " + most + " times; give 0 or more, the "
            + "lesser first.");
      }
    }
  }
}
