package io.swiftjvm.data.template;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** Tokens that a template writes by number, and those that a tokenizer itself puts around a text. */
final class SpecialIds {
  private final Tokenizer tokenizer;

  SpecialIds(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** The id of a part that is no text. */
  int of(Part part) {
    OptionalInt id = switch (part) {
      case Part.Id.BOS -> tokenizer.special().bos();
      case Part.Id.EOS -> tokenizer.special().eos();
      case Part.Named named -> tokenizer.id(named.token());
      case Part.Token token -> OptionalInt.of(token.id());
      case Part.Text text -> OptionalInt.empty();
    };
    return id.orElseThrow(() -> new InvalidPlanException("the template writes the token " + part + ", which the "
        + "tokenizer lacks. Name this model's template with --template."));
  }

  int[] of(List<Part> parts) {
    return parts.stream().flatMapToInt(part -> part instanceof Part.Text text
        ? Arrays.stream(tokenizer.encode(text.text(), false)) : Arrays.stream(new int[] {of(part)})).toArray();
  }

  /** What the tokenizer itself puts before a text. */
  List<Integer> ownStart() {
    int[] one = tokenizer.encode("a", false);
    int[] full = tokenizer.encode("a", true);
    List<Integer> start = new ArrayList<>();
    for (int i = 0; one.length == 1 && i < full.length && full[i] != one[0]; i++) {
      start.add(full[i]);
    }
    return start;
  }

  /** What the tokenizer itself puts behind a text. */
  List<Integer> ownEnd() {
    int[] one = tokenizer.encode("a", false);
    int[] full = tokenizer.encode("a", true);
    List<Integer> end = new ArrayList<>();
    for (int i = full.length - 1; one.length == 1 && i >= 0 && full[i] != one[0]; i--) {
      end.addFirst(full[i]);
    }
    return end;
  }
}
