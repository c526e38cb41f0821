package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.serve.TinyServer.Answer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Structured output and calls of tools by a model that was not taught either. */
@Timeout(60)
class StructuredTest extends SharedServer {
  private static final String HOT = ",'temperature':1.5,'max_tokens':160";
  private static final String SCHEMA = "{'type':'object','properties':{'name':{'type':'string','maxLength':12},"
      + "'age':{'type':'integer','minimum':0,'maximum':150},'tags':{'type':'array','items':{'enum':['a','b']},"
      + "'maxItems':3}},'required':['name','age','tags'],'additionalProperties':false}";
  private static final String TOOLS = ",'tools':[{'type':'function','function':{'name':'add','parameters':"
      + "{'type':'object','properties':{'x':{'type':'integer','maximum':99},'y':{'type':'boolean'}},"
      + "'required':['x','y']}}},{'type':'function','function':{'name':'now'}}]";

  private static JsonNode json(String text) {
    try {
      return TinyServer.JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static void person(JsonNode value) {
    List<String> names = new ArrayList<>();
    value.fieldNames().forEachRemaining(names::add);
    assertThat(names).containsExactly("name", "age", "tags");
    assertThat(value.path("name").asText().codePoints().count()).isLessThanOrEqualTo(12);
    assertThat(value.path("age").isIntegralNumber()).isTrue();
    assertThat(value.path("age").asInt()).isBetween(0, 150);
    assertThat(value.path("tags").size()).isLessThanOrEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"'response_format':{'type':'json_schema','json_schema':{'name':'p','strict':true,'schema':SCHEMA}}",
      "'structured_outputs':{'json':SCHEMA}", "'guided_json':SCHEMA", "'json_schema':SCHEMA"})
  void an_answer_has_the_schema_that_was_asked_for_streamed_or_not(String field) {
    for (int seed = 0; seed < 3; seed++) {
      String more = HOT + ",'seed':" + seed + "," + field.replace("SCHEMA", SCHEMA);
      JsonNode choice = ok(tiny.chat(more)).at("/choices/0");
      String text = choice.at("/message/content").asText();
      assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
      person(json(text));
      assertThat(tiny.chat(more + ",'stream':true").streamed(0)).isEqualTo(text);
    }
  }

  @Test
  void an_answer_is_an_object_when_json_was_asked_for() {
    int finished = 0;
    for (int seed = 0; seed < 8; seed++) {
      JsonNode choice = ok(tiny.chat(HOT + ",'seed':" + seed + ",'response_format':{'type':'json_object'}"))
          .at("/choices/0");
      if (choice.path("finish_reason").asText().equals("stop")) {
        finished++;
        assertThat(json(choice.at("/message/content").asText()).isObject()).isTrue();
      }
    }
    assertThat(finished).isPositive();
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "'guided_choice':['yes','no']; yes|no", "'structured_outputs':{'choice':['é','😀']}; é|😀",
      "'guided_regex':'[0-9]{3}-x?'; [0-9]{3}-x?", "'structured_outputs_regex':'ab{1,4}c{2}'; ab{1,4}c{2}",
      "'guided_grammar':'root ::= [a-c] root | .*'; (?s).*", "'grammar':'root ::= [xy]{2} [0-9]'; [xy]{2}[0-9]",
      "'structured_outputs':{'grammar':'start: /[a-c]/ ~ 4'}; [a-c]{4}"})
  void chat_and_completions_keep_to_patterns_choices_and_rules(String field, String pattern) {
    String more = HOT + ",'seed':7," + field;
    JsonNode chat = ok(tiny.chat(more)).at("/choices/0");
    JsonNode plain = ok(tiny.post("/v1/completions", "{'model':'swift-tiny','prompt':'Say'" + more + "}")).at("/choices/0");
    if (!pattern.contains(".*")) {
      assertThat(chat.at("/message/content").asText()).matches(pattern);
      assertThat(plain.path("text").asText()).matches(pattern);
    }
  }

  private static void calls(JsonNode calls) {
    assertThat(calls).isNotEmpty();
    Set<String> ids = new HashSet<>();
    for (JsonNode call : calls) {
      assertThat(ids.add(call.path("id").asText())).isTrue();
      assertThat(call.path("type").asText()).isEqualTo("function");
      JsonNode arguments = json(call.at("/function/arguments").asText());
      if (call.at("/function/name").asText().equals("now")) {
        assertThat(arguments).isEmpty();
      } else {
        assertThat(call.at("/function/name").asText()).isEqualTo("add");
        assertThat(arguments.path("x").isIntegralNumber()).isTrue();
        assertThat(arguments.path("y").isBoolean()).isTrue();
      }
    }
  }

  @Test
  void a_required_call_is_made_with_arguments_of_its_schema() {
    for (int seed = 0; seed < 4; seed++) {
      String more = HOT + TOOLS + ",'parallel_tool_calls':false,'tool_choice':'required','seed':" + seed;
      JsonNode choice = ok(tiny.chat(more)).at("/choices/0");
      assertThat(choice.path("finish_reason").asText()).isEqualTo("tool_calls");
      assertThat(choice.at("/message/content").isNull()).isTrue();
      JsonNode made = choice.at("/message/tool_calls");
      calls(made);
      assertThat(made).hasSize(1);
      streamed(tiny.chat(more + ",'stream':true").events(), made.get(0));
    }
  }

  private static void streamed(List<JsonNode> events, JsonNode call) {
    StringBuilder arguments = new StringBuilder();
    String name = "";
    String reason = "";
    int ids = 0;
    for (JsonNode event : events) {
      assertThat(event.at("/choices/0/delta/content").asText("")).isEmpty();
      reason += event.at("/choices/0/finish_reason").asText("").replace("null", "");
      for (JsonNode piece : event.at("/choices/0/delta/tool_calls")) {
        assertThat(piece.path("index").asInt()).isZero();
        name += piece.at("/function/name").asText("");
        ids += piece.has("id") ? 1 : 0;
        arguments.append(piece.at("/function/arguments").asText());
      }
    }
    assertThat(ids).isEqualTo(1);
    assertThat(name).isEqualTo(call.at("/function/name").asText());
    assertThat(arguments.toString()).isEqualTo(call.at("/function/arguments").asText());
    assertThat(reason).isEqualTo("tool_calls");
  }

  @Test
  void several_calls_may_be_made_and_a_named_one_is() {
    JsonNode choice = ok(tiny.chat(HOT + TOOLS + ",'tool_choice':'required','seed':3")).at("/choices/0");
    if (choice.path("finish_reason").asText().equals("tool_calls")) {
      calls(choice.at("/message/tool_calls"));
    }
    String named = ",'tool_choice':{'type':'function','function':{'name':'now'}}";
    JsonNode made = ok(tiny.chat(HOT + TOOLS + named)).at("/choices/0/message/tool_calls");
    assertThat(made).hasSize(1);
    assertThat(made.at("/0/function/name").asText()).isEqualTo("now");
    assertThat(made.at("/0/function/arguments").asText()).isNotBlank();
  }

  @Test
  void calls_and_results_of_before_are_told_to_the_model() {
    String talk = "{'model':'swift-tiny','max_tokens':4,'messages':[{'role':'user','content':'1+1?'},"
        + "{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'add',"
        + "'arguments':'{\\\"x\\\":1}'}}]},{'role':'tool','tool_call_id':'c1','content':'2'}]" + TOOLS + "}";
    int with = ok(tiny.post("/v1/chat/completions", talk.replace("'{\\\"", "\"{\\\"").replace("}'}}", "}\"}}")))
        .at("/usage/prompt_tokens").asInt();
    int without = ok(tiny.chat(",'max_tokens':4,'tool_choice':'none'" + TOOLS)).at("/usage/prompt_tokens").asInt();
    assertThat(with).isGreaterThan(without + 20);
  }

  @Test
  void a_response_has_calls_as_items() {
    String tools = TOOLS.replace("'function':{'name'", "'name'").replace("}},{'type'", "},{'type'").replace("'now'}}]", "'now'}]");
    JsonNode r = ok(tiny.post("/v1/responses", "{'model':'swift-tiny','input':'hi','temperature':1.5,"
        + "'max_output_tokens':160,'tool_choice':'required','parallel_tool_calls':false" + tools + "}"));
    assertThat(r.at("/output/0/type").asText()).as(r.toString()).isEqualTo("function_call");
    json(r.at("/output/0/arguments").asText());
  }

  /** What a hostile client sends; each is answered within the time a grammar may take. */
  static List<String> hostile() {
    return List.of(
        "'guided_json':{'enum':[" + IntStream.range(0, 100_000).mapToObj(String::valueOf).collect(Collectors.joining(","))
            + "]}",
        "'guided_json':" + "{'items':".repeat(300) + "{}" + "}".repeat(300), "'guided_regex':'(a+)+$'",
        "'guided_regex':'a{1,99999999}'", "'guided_regex':'((a{1,99}){1,99}){1,99}'", "'guided_regex':'(.*a.{40})+'",
        "'guided_json':{'$ref':'http://127.0.0.1:1/x'}", "'guided_grammar':'root ::= root root | \\\"a\\\"'",
        "'guided_grammar':'root ::= a b | b a\\na ::= \\\"x\\\" a \\\"y\\\" | \\\"x\\\"\\nb ::= \\\"x\\\" b \\\"z\\\" | a b | \\\"x\\\"'");
  }

  @Test
  void hostile_forms_end_in_time_while_others_go_on() throws Exception {
    int meanwhile = 0;
    for (String form : hostile()) {
      CompletableFuture<Answer> hostile =
          CompletableFuture.supplyAsync(() -> tiny.chat(",'max_tokens':30," + form));
      do {
        assertThat(tiny.chat(",'stream':true,'max_tokens':5").streamed(0)).isNotEmpty();
        meanwhile += hostile.isDone() ? 0 : 1;
      } while (!hostile.isDone());
      assertThat(hostile.get().status()).as(hostile.get().text()).isIn(200, 400);
    }
    assertThat(meanwhile).as("streams that came to their end while a form was being looked at").isPositive();
    assertThat(tiny.alive()).isTrue();
  }
}
