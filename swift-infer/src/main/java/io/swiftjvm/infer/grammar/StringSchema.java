package io.swiftjvm.infer.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Strings with a length, a pattern or a format. */
final class StringSchema {
  private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?";
  /** No 29th of February: whether there is one depends on the year. */
  private static final String DATE = "[0-9]{3}[1-9]-((01|03|05|07|08|10|12)-(0[1-9]|[12][0-9]|3[01])"
      + "|(04|06|09|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
  private static final String TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
      + "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])";
  /** Formats that are kept to; others are annotations, as the standard says. */
  private static final Map<String, String> FORMATS = Map.ofEntries(
      Map.entry("date", DATE), Map.entry("time", TIME), Map.entry("date-time", DATE + "T" + TIME),
      Map.entry("uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
      Map.entry("email", "[A-Za-z0-9_+-]{1,30}(\\.[A-Za-z0-9_+-]{1,30}){0,2}@" + LABEL + "(\\." + LABEL + "){1,3}"),
      Map.entry("hostname", LABEL + "(\\." + LABEL + "){0,3}"), Map.entry("ipv4", BYTE + "(\\." + BYTE + "){3}"),
      Map.entry("ipv6", "([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"),
      Map.entry("uri", "https?://" + LABEL + "(\\." + LABEL + "){0,3}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9_.~-]{0,40}){0,8}"),
      Map.entry("duration", "P([1-9][0-9]{0,3}D(T[1-9][0-9]{0,3}H)?|T[1-9][0-9]{0,3}[HMS]|[1-9][0-9]{0,3}W)"));

  private StringSchema() {}

  static Node of(SchemaReader reader, JsonNode schema, String path) {
    boolean free = List.of("minLength", "maxLength", "pattern", "format").stream().noneMatch(schema::has);
    return free ? JsonText.STRING : Node.seq(JsonText.QUOTE, body(reader, schema, path), JsonText.QUOTE);
  }

  /** What stands between the quotes. */
  static Node body(SchemaReader reader, JsonNode schema, String path) {
    List<Node> all = new ArrayList<>();
    if (schema.has("pattern")) {
      all.add(pattern(reader, schema.get("pattern"), path));
    }
    String regex = FORMATS.get(schema.path("format").asText(""));
    if (regex != null) {
      all.add(JsonText.escaped(Regex.whole(regex, reader.limits())));
    }
    int least = reader.count(schema, "minLength", 0, path);
    int most = reader.count(schema, "maxLength", Node.UNBOUNDED, path);
    if (most != Node.UNBOUNDED && most < least) {
      throw reader.fail(path, "minLength is more than maxLength");
    }
    if (all.isEmpty()) {
      // a call for each character keeps the states few
      return new Node.Repeat(JsonText.CHAR, least, most);
    }
    if (least > 0 || most != Node.UNBOUNDED) {
      all.add(new Node.Repeat(JsonText.escaped(Node.chars(CodePoints.ALL)), least, most));
    }
    return all.stream().reduce(Node.And::new).orElseThrow();
  }

  /** A pattern as a schema has it: found anywhere in the text. */
  static Node pattern(SchemaReader reader, JsonNode pattern, String path) {
    if (!pattern.isTextual()) {
      throw reader.fail(path, "pattern must be a string");
    }
    return JsonText.escaped(Regex.inside(pattern.textValue(), reader.limits(), CodePoints.ALL));
  }
}
