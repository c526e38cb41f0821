package io.swiftjvm.infer.grammar;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/** The rules of a grammar, read from its description. */
final class Rules {
  /** The rule that an answer matches; the first. */
  static final String ROOT = "";

  private final GrammarLimits limits;
  private final Budget budget;
  private final Tokenizer tokenizer;
  private final Map<String, Node> rules = new LinkedHashMap<>();
  private int parts;

  private Rules(GrammarLimits limits, Budget budget, Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.limits = limits;
    this.budget = budget;
  }

  static Map<String, Node> of(Grammar grammar, GrammarLimits limits, Budget budget, Tokenizer tokenizer) {
    Rules all = new Rules(limits, budget, tokenizer);
    all.rules.put(ROOT, Node.EMPTY);
    all.rules.put(ROOT, all.node(grammar));
    return all.rules;
  }

  private Node node(Grammar grammar) {
    return switch (grammar) {
      case Grammar.Json json -> {
        JsonText.define(this::rule);
        yield SchemaReader.read(checked(json.schema(), limits.sourceBytes()), limits, budget,
            body -> rule("schema " + parts++, body), this::rule);
      }
      case Grammar.Regex regex -> Regex.whole(checked(regex.pattern(), limits.regexBytes()), limits);
      case Grammar.Choice choice -> choice(choice.texts());
      case Grammar.Ebnf ebnf -> ebnf(ebnf.rules());
      case Grammar.Special special -> token(special.token());
      case Grammar.Until until -> new Node.Until(until.end());
      case Grammar.Without without -> new Node.Without(without.text());
      case Grammar.Sequence sequence -> new Node.Seq(sequence.parts().stream().map(this::node).toList());
      case Grammar.OneOf one -> Node.alt(one.parts().stream().map(this::node).toList());
      case Grammar.Repeat repeat -> {
        Regex.checkCount(repeat.most(), limits);
        yield new Node.Repeat(rule("part " + parts++, node(repeat.part())), repeat.least(), repeat.most());
      }
    };
  }

  private Node token(String text) {
    OptionalInt id = tokenizer.id(text);
    if (id.isEmpty() || !tokenizer.special().all().contains(id.getAsInt())) {
      throw new InvalidPlanException("The tokenizer has no special token '" + text + "'. Use one that it has, or text.");
    }
    return new Node.Token(id.getAsInt());
  }

  private Node rule(String name, Node body) {
    rules.put(name, body);
    return Node.ref(name);
  }

  private String checked(String source, int most) {
    if (source.length() > most) {
      throw new InvalidPlanException("The grammar has " + source.length() + " characters; at most " + most
          + " are taken. Shorten it.");
    }
    return source;
  }

  private Node choice(List<String> texts) {
    if (texts.size() > limits.choices()) {
      throw new InvalidPlanException("A choice has " + texts.size() + " values; at most " + limits.choices()
          + " are taken. Give fewer.");
    }
    checked(String.join("", texts), limits.sourceBytes());
    return Node.alt(new ArrayList<>(texts.stream().map(Node::text).toList()));
  }

  /** Rules of a client live under a name that no others have. */
  private Node ebnf(String source) {
    String prefix = "ebnf " + parts++ + " ";
    Map<String, Node> own = EbnfParser.parse(checked(source, limits.sourceBytes()), limits);
    own.forEach((name, body) -> rules.put(prefix + name, renamed(body, prefix)));
    return Node.ref(prefix + own.keySet().iterator().next());
  }

  private static Node renamed(Node node, String prefix) {
    return switch (node) {
      case Node.Ref ref -> Node.ref(prefix + ref.rule());
      case Node.Seq seq -> new Node.Seq(seq.parts().stream().map(p -> renamed(p, prefix)).toList());
      case Node.Alt alt -> new Node.Alt(alt.parts().stream().map(p -> renamed(p, prefix)).toList());
      case Node.Repeat repeat ->
          new Node.Repeat(renamed(repeat.part(), prefix), repeat.least(), repeat.most());
      default -> Objects.requireNonNull(node);
    };
  }
}
