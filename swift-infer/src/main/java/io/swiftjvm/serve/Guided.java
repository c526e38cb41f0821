package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The form that a request demands of its answer: OpenAI's {@code response_format}, vLLM's {@code structured_outputs} and
 * older {@code guided_*}, llama.cpp's {@code grammar} and {@code json_schema}, ms-swift's {@code structured_outputs_regex}.
 *
 * @param param the field that says so
 * @param grammar the form
 */
record Guided(String param, Grammar grammar) {
  private static final int CHOICES = 10_000;
  /** What a form is called as a field of its own. */
  private static final Map<String, String> FIELDS = new TreeMap<>(Map.of("guided_json", "json", "guided_regex", "regex",
      "guided_choice", "choice", "guided_grammar", "grammar", "structured_outputs_regex", "regex", "grammar", "grammar",
      "json_schema", "json"));
  private static final List<String> KINDS = List.of("json", "regex", "choice", "grammar", "json_object");

  /** The only form of a request, null where it demands none. */
  static @Nullable Guided read(Fields f) {
    List<Guided> all = new ArrayList<>();
    Fields format = f.object("response_format");
    if (format != null) {
      format(format, all);
    }
    Fields outputs = f.object("structured_outputs");
    if (outputs != null) {
      outputs.unsupported("structural_tag", false);
      for (String kind : KINDS) {
        JsonNode value = outputs.get(kind);
        if (value != null) {
          all.add(new Guided("structured_outputs", grammar(kind, value, "structured_outputs." + kind)));
        }
      }
      if (all.isEmpty()) {
        throw ApiException.invalid("structured_outputs", "structured_outputs must have one of " + KINDS + ".");
      }
    }
    FIELDS.forEach((name, kind) -> {
      JsonNode value = f.get(name);
      if (value != null) {
        all.add(new Guided(name, grammar(kind, value, name)));
      }
    });
    if (all.size() > 1) {
      throw ApiException.invalid(all.get(1).param, "Only one of response_format, structured_outputs, guided_json, "
          + "guided_regex, guided_choice, guided_grammar, grammar and json_schema may shape an answer.");
    }
    return all.isEmpty() ? null : all.getFirst();
  }

  private static void format(Fields format, List<Guided> all) {
    String type = format.requiredText("type");
    switch (type) {
      case "text" -> {
        // any answer will do
      }
      case "json_object" -> all.add(new Guided("response_format", Grammar.json()));
      case "json_schema" -> {
        Fields schema = format.object("json_schema");
        JsonNode given = schema == null ? null : schema.get("schema");
        if (given == null) {
          throw ApiException.invalid("response_format", "response_format.json_schema.schema is missing.");
        }
        all.add(new Guided("response_format", grammar("json", given, "response_format.json_schema.schema")));
      }
      default -> throw ApiException.invalid("response_format", "response_format.type is '" + Text.brief(type)
          + "'; it must be text, json_object or json_schema.");
    }
  }

  private static Grammar grammar(String kind, JsonNode value, String path) {
    return switch (kind) {
      case "json" -> Grammar.json(value.isTextual() ? value.textValue() : Json.finite(value).toString());
      case "regex" -> Grammar.regex(text(value, path));
      case "grammar" -> Grammar.ebnf(text(value, path));
      case "json_object" -> Grammar.json();
      default -> {
        if (!value.isArray() || value.isEmpty() || value.size() > CHOICES) {
          throw ApiException.invalid(path, path + " must be a list of 1 to " + CHOICES + " strings.");
        }
        List<String> texts = new ArrayList<>();
        value.forEach(choice -> texts.add(text(choice, path)));
        yield Grammar.choice(texts);
      }
    };
  }

  private static String text(JsonNode value, String path) {
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw ApiException.invalid(path, path + " must be a string that is not empty.");
    }
    return Text.whole(value.textValue());
  }

  /** Compiles a grammar; one that cannot be is told with its field. */
  static void check(Service service, Grammar grammar, String param) {
    try {
      service.scheduler().check(grammar);
    } catch (InvalidPlanException e) {
      throw ApiException.invalid(param, String.valueOf(e.getMessage()));
    }
  }
}
