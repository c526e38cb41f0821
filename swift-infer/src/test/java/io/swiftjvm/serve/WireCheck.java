package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.swiftjvm.serve.TinyServer.Answer;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of a conformance table: {@code METHOD path [body] => status [; expectation]...}.
 *
 * <p>Bodies are written with single quotes; {@code $M} is the model, {@code $U} a conversation, {@code *N{x}} is N times
 * x. An expectation is a JSON pointer (into the list of events of a stream; {@code /-1} is the last one) or
 * {@code @header} or {@code body}, followed by {@code =text}, {@code ~pattern}, {@code #size}, {@code >number},
 * {@code ?} (is there) or {@code !} (is not there, or null).
 */
record WireCheck(String line, String method, String path, String body, int status, List<String> expectations) {
  private static final Pattern LINE =
      Pattern.compile("(GET|POST|PUT|DELETE|PATCH|OPTIONS) (\\S+)(?: (.*?))? => (\\d{3})((?: ;.*)?)");
  private static final Pattern EXPECTATION = Pattern.compile("(@[\\w-]+|body|/[^=~#>?!]*|)([=~#>?!])(.*)");
  private static final Pattern REPEAT = Pattern.compile("\\*(\\d+)\\{((?:[^{}]|\\{[^{}]*\\})*)\\}");

  static WireCheck of(String line) {
    Matcher m = LINE.matcher(line);
    assertThat(m.matches()).as(line).isTrue();
    String body = m.group(3) == null ? "" : m.group(3);
    body = body.replace("$M", "'model':'swift-tiny'")
        .replace("$U", "'messages':[{'role':'user','content':'What is LoRA?'}]");
    body = REPEAT.matcher(body).replaceAll(
        r -> Matcher.quoteReplacement(r.group(2).repeat(Integer.parseInt(r.group(1)))));
    String rest = m.group(5).strip();
    return new WireCheck(line, m.group(1), m.group(2), body, Integer.parseInt(m.group(4)),
        rest.isEmpty() ? List.of() : List.of(rest.substring(1).strip().split(" ; ")));
  }

  void run(TinyServer tiny) {
    HttpRequest.Builder request = tiny.request(path).method(method, body.isEmpty()
        ? HttpRequest.BodyPublishers.noBody()
        : HttpRequest.BodyPublishers.ofByteArray(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    Answer answer = tiny.send(body.isEmpty() ? request : request.header("Content-Type", "application/json"));
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    boolean stream = answer.header("content-type").startsWith("text/event-stream");
    boolean json = answer.header("content-type").equals("application/json");
    JsonNode root = stream ? events(answer.text()) : json ? answer.json() : MissingNode.getInstance();
    if (status >= 400) {
      assertError(answer, root);
    }
    expectations.forEach(e -> check(e, answer, root));
  }

  private static void assertError(Answer answer, JsonNode root) {
    assertThat(root.path("error").size()).as(answer.text()).isEqualTo(4);
    assertThat(root.at("/error/message").asText()).isNotBlank().doesNotContain("Exception", "io.swiftjvm", "/tmp/");
    assertThat(root.at("/error/type").asText()).isIn("invalid_request_error", "authentication_error",
        "permission_error", "not_found_error", "rate_limit_error", "server_error");
    assertThat(root.path("error").has("param") && root.path("error").has("code")).isTrue();
  }

  /** The events; fails unless each is one line of JSON and {@code [DONE]} comes once, at the end. */
  static ArrayNode events(String text) {
    ArrayNode events = JsonNodeFactory.instance.arrayNode();
    String[] parts = text.split("\n\n", -1);
    assertThat(parts[parts.length - 1]).as("what follows the last event").isEmpty();
    assertThat(parts[parts.length - 2]).isEqualTo("data: [DONE]");
    for (String part : List.of(parts).subList(0, parts.length - 2)) {
      if (part.equals(":")) {
        continue;
      }
      String[] lines = part.split("\n", -1);
      JsonNode event = new Answer(200, lines[lines.length - 1].substring("data: ".length()), java.util.Map.of()).json();
      assertThat(lines.length).isEqualTo(event.has("sequence_number") ? 2 : 1);
      if (lines.length == 2) {
        assertThat(lines[0]).isEqualTo("event: " + event.path("type").asText());
        assertThat(event.path("sequence_number").asInt()).isEqualTo(events.size());
      }
      events.add(event);
    }
    return events;
  }

  private static void check(String expectation, Answer answer, JsonNode root) {
    Matcher m = EXPECTATION.matcher(expectation);
    assertThat(m.matches()).as(expectation).isTrue();
    String where = m.group(1);
    String wanted = m.group(3);
    boolean plain = where.equals("body") || where.startsWith("@");
    JsonNode node = plain ? MissingNode.getInstance() : at(root, where);
    String text = where.equals("body") ? answer.text() : where.startsWith("@") ? answer.header(where.substring(1))
        : node.isValueNode() ? node.asText() : node.toString();
    switch (m.group(2)) {
      case "=" -> assertThat(text).as(expectation + " in " + answer.text()).isEqualTo(wanted);
      case "~" -> assertThat(text).as(expectation).containsPattern(wanted.replace('\'', '"'));
      case "#" -> assertThat(node.size()).as(expectation + " in " + answer.text()).isEqualTo(Integer.parseInt(wanted));
      case ">" -> assertThat(node.asDouble()).as(expectation).isGreaterThan(Double.parseDouble(wanted));
      case "?" -> assertThat(!node.isMissingNode() && !node.isNull()).as(expectation + " in " + answer.text()).isTrue();
      default -> assertThat(node.isMissingNode() || node.isNull()).as(expectation + " in " + answer.text()).isTrue();
    }
  }

  private static JsonNode at(JsonNode root, String pointer) {
    JsonNode node = root;
    for (String step : pointer.isEmpty() ? new String[0] : pointer.substring(1).split("/")) {
      node = step.matches("-\\d+") ? node.path(node.size() + Integer.parseInt(step))
          : node.isArray() ? node.path(Integer.parseInt(step)) : node.path(step);
    }
    return node;
  }
}
