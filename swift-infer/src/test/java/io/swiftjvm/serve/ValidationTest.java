package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.serve.TinyServer.Answer;
import java.net.http.HttpRequest;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every wrong value is told with its name, and the server works on. */
class ValidationTest extends SharedServer {
  private static void assertRefused(Answer answer, int status, String param) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    JsonNode error = answer.json().path("error");
    assertThat(error.path("message").asText()).isNotBlank();
    assertThat(error.path("type").asText()).isNotBlank();
    assertThat(error.has("param")).isTrue();
    assertThat(error.has("code")).isTrue();
    assertThat(error.path("param").isNull() ? null : error.path("param").asText()).isEqualTo(param);
    assertThat(tiny.alive()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "max_tokens; 0", "max_tokens; -1", "max_tokens; 1.5", "max_tokens; true", "max_tokens; '5'", "max_tokens; 1e400",
      "max_completion_tokens; 0", "max_completion_tokens; 99999999999999999999", "max_completion_tokens; []",
      "temperature; -0.1", "temperature; 2.1", "temperature; '1'", "temperature; 1e400", "temperature; true",
      "top_p; -0.1", "top_p; 1.1", "top_p; {}", "top_k; -2", "top_k; 1.5", "min_p; -0.1", "min_p; 1.1",
      "repetition_penalty; 0", "repetition_penalty; -1", "presence_penalty; -2.1", "presence_penalty; 2.1",
      "frequency_penalty; 2.1", "frequency_penalty; 'x'", "seed; 1.5", "seed; 99999999999999999999", "seed; '1'",
      "n; 0", "n; 129", "n; 1.5", "n; true", "stop; ''", "stop; 5", "stop; ['']", "stop; [1]", "stop; {}",
      "stop_token_ids; [-1]", "stop_token_ids; [999999]", "stop_token_ids; 5", "logprobs; 1", "logprobs; 'true'",
      "top_logprobs; 1", "min_tokens; -1", "stream; 1", "stream; 'true'", "stream_options; {'include_usage':true}",
      "logit_bias; []", "logit_bias; {'x':1}", "logit_bias; {'5':101}", "logit_bias; {'5':'1'}", "logit_bias; {'-1':1}",
      "logit_bias; {'999999':1}", "logit_bias; {'5':1e400}", "ignore_eos; 1", "chat_template_kwargs; 5",
      "continue_final_message; 1"})
  void a_wrong_value_of_a_chat_field_is_told_with_its_name(String field, String value) {
    assertRefused(tiny.chat(",'" + field + "':" + value), 400, field);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "response_format; {'type':'xml'}", "response_format.type; {}", "response_format; 'json'",
      "response_format; {'type':'json_schema'}", "response_format; {'type':'json_schema','json_schema':{}}",
      "response_format; {'type':'json_schema','json_schema':{'name':'x','schema':{'type':'number','multipleOf':0.1}}}",
      "response_format; {'type':'json_schema','json_schema':{'schema':{'$ref':'http://127.0.0.1:1/s.json'}}}",
      "structured_outputs; {}", "structured_outputs; {'regex':'('}", "guided_regex; '(a'", "guided_regex; ''",
      "guided_regex; 'a{1,99999999}'", "guided_regex; '(a)\\\\1'", "guided_json; '{'", "guided_json; {'type':'x'}",
      "guided_choice; []", "guided_choice; 'a'", "guided_choice; [1]", "guided_grammar; 'root ::= root'",
      "grammar; 'root'", "tools; {}", "tools[0]; [5]", "tools[0].type; [{'type':'x'}]", "tools[0].function; [{'type':'function'}]",
      "tool_choice; 'required'", "tool_choice; 'always'", "tool_choice; {'type':'function','function':{'name':'f'}}"})
  void a_form_that_cannot_be_kept_to_is_told_with_its_field(String field, String value) {
    assertRefused(tiny.chat(",'" + field.replaceAll("[.\\[].*", "") + "':" + value), 400, field);
  }

  @Test
  void only_one_form_may_be_demanded() {
    assertRefused(tiny.chat(",'guided_regex':'a','response_format':{'type':'json_object'}"), 400, "guided_regex");
    String tools = ",'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object'}}}]";
    assertRefused(tiny.chat(tools + ",'tool_choice':'required','guided_regex':'a'"), 400, "tool_choice");
    assertRefused(tiny.chat(tools + ",'tool_choice':{'type':'function','function':{'name':'g'}}"), 400, "tool_choice");
    assertRefused(tiny.chat(",'tools':[{'type':'function','function':{'name':'f','parameters':5}}]"), 400,
        "tools[0].function.parameters");
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "prompt_logprobs; 1", "best_of; 3", "num_beams; 2", "length_penalty; 2", "suffix; 'x'", "chat_template; 'x'",
      "functions; []"})
  void a_field_that_is_not_there_yet_is_named_as_unsupported(String field, String value) {
    Answer answer = tiny.chat(",'" + field + "':" + value);
    assertRefused(answer, 400, field);
    assertThat(answer.json().at("/error/code").asText()).isEqualTo("unsupported_parameter");
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "messages; []", "messages; null", "messages; 5", "messages; 'hi'", "messages[0]; ['hi']", "messages[0]; [null]",
      "messages[0].role; [{'content':'x'}]", "messages[0].role; [{'role':'robot','content':'x'}]",
      "messages[0].role; [{'role':5,'content':'x'}]", "messages[0].content; [{'role':'user'}]",
      "messages[0].content; [{'role':'user','content':null}]", "messages[0].content; [{'role':'user','content':5}]",
      "messages[0].content; [{'role':'user','content':[]}]",
      "messages[0].content[0]; [{'role':'user','content':['x']}]",
      "messages[0].content[0].type; [{'role':'user','content':[{'type':'poem'}]}]",
      "messages[0].content[0].text; [{'role':'user','content':[{'type':'text'}]}]",
      "messages[0].content[0].type; [{'role':'user','content':[{'type':'image_url','image_url':{'url':'file:///x'}}]}]",
      "messages[0].content[0].type; [{'role':'user','content':[{'type':'input_audio'}]}]",
      "messages[0].tool_calls; [{'role':'assistant','content':'x','tool_calls':5}]",
      "messages[0].tool_calls[0].function; [{'role':'assistant','content':'x','tool_calls':[{}]}]"})
  void a_wrong_message_is_told_with_its_place(String place, String messages) {
    assertRefused(tiny.post("/v1/chat/completions", "{'model':'swift-tiny','messages':" + messages + "}"), 400, place);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "prompt; null", "prompt; ''", "prompt; []", "prompt; 5", "prompt; {}", "prompt; [[]]", "prompt; ['a',5]",
      "prompt; [5,'a']", "prompt; [-1]", "prompt; [999999]", "prompt; [1.5]", "prompt; [[5],['a']]", "prompt; ['']",
      "prompt; [99999999999]"})
  void a_wrong_prompt_is_told(String param, String prompt) {
    assertRefused(tiny.post("/v1/completions", "{'model':'swift-tiny','prompt':" + prompt + "}"), 400, param);
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "/v1/completions; {'model':'swift-tiny','prompt':'a','logprobs':6}; logprobs",
      "/v1/completions; {'model':'swift-tiny','prompt':'a','logprobs':true}; logprobs",
      "/v1/completions; {'model':'swift-tiny','prompt':'a','suffix':'b'}; suffix",
      "/v1/completions; {'model':'swift-tiny','prompt':'a','echo':true,'logprobs':1}; echo",
      "/v1/completions; {'model':'swift-tiny','prompt':['a','b'],'n':65}; n",
      "/tokenize; {}; prompt", "/tokenize; {'prompt':5}; prompt", "/tokenize; {'prompt':'a','messages':[]}; prompt",
      "/detokenize; {}; tokens", "/detokenize; {'tokens':[-1]}; tokens", "/detokenize; {'tokens':[1000000]}; tokens",
      "/detokenize; {'tokens':'a'}; tokens", "/detokenize; {'tokens':[1.5]}; tokens"})
  void a_wrong_value_at_the_other_paths_is_told(String path, String body, String param) {
    assertRefused(tiny.post(path, body), 400, param);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "[]", "null", "5", "'a'", "{", "{}{}", "{'a':1,'a':2}", "{'a':NaN}", "{'a':01}",
      "{'a':1}x", "{a:1}", "\u0000", "{'a':'\n'}"})
  void a_body_that_is_no_json_object_is_refused(String body) {
    assertRefused(tiny.post("/v1/chat/completions", body), 400, null);
  }

  @Test
  void bytes_that_are_no_utf8_are_refused() {
    byte[] body = "{\"model\":\"x\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    body[10] = (byte) 0xFF;
    assertRefused(tiny.send(tiny.request("/v1/completions").header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))), 400, null);
  }

  @Test
  void deep_nesting_and_long_numbers_are_refused() {
    assertRefused(tiny.chat(",'x':" + "[".repeat(5000) + "]".repeat(5000)), 400, null);
    assertRefused(tiny.chat(",'x':" + "{'a':".repeat(5000) + "1" + "}".repeat(5000)), 400, null);
    assertRefused(tiny.chat(",'x':" + "1".repeat(5000)), 400, null);
    assertRefused(tiny.chat(",'x':[" + "[],".repeat(600_000) + "1]"), 400, null);
  }

  @Test
  void top_logprobs_over_the_limit_and_too_many_stops_are_refused() {
    assertRefused(tiny.chat(",'logprobs':true,'top_logprobs':21"), 400, "top_logprobs");
    assertThat(tiny.chat(",'logprobs':true,'top_logprobs':20,'max_tokens':1").status()).isEqualTo(200);
    String stops = IntStream.range(0, 17).mapToObj(i -> "'s" + i + "'").collect(Collectors.joining(","));
    assertRefused(tiny.chat(",'stop':[" + stops + "]"), 400, "stop");
    assertRefused(tiny.chat(",'stop':'" + "x".repeat(257) + "'"), 400, "stop");
    String bias = IntStream.range(0, 1025).mapToObj(i -> "'" + i + "':1").collect(Collectors.joining(","));
    assertRefused(tiny.chat(",'logit_bias':{" + bias + "}"), 400, "logit_bias");
  }

  @Test
  void a_model_that_is_not_served_is_not_found_and_a_missing_one_is_a_bad_request() {
    Answer unknown = tiny.post("/v1/chat/completions", "{'model':'gpt-9','messages':[{'role':'user','content':'x'}]}");
    assertRefused(unknown, 404, "model");
    assertThat(unknown.json().at("/error/code").asText()).isEqualTo("model_not_found");
    assertRefused(tiny.post("/v1/completions", "{'prompt':'x'}"), 400, "model");
    assertRefused(tiny.post("/v1/completions", "{'model':5,'prompt':'x'}"), 400, "model");
    assertRefused(tiny.post("/tokenize", "{'model':'gpt-9','prompt':'x'}"), 404, "model");
    assertRefused(tiny.get("/v1/models/gpt-9"), 404, "model");
  }

  @Test
  void what_does_not_fit_the_context_is_refused_with_limit_and_count() {
    String words = "word ".repeat(1200);
    for (Answer answer : new Answer[] {
        tiny.post("/v1/chat/completions", TinyServer.chat(words, "")),
        tiny.post("/v1/completions", "{'model':'swift-tiny','prompt':'" + words + "'}")}) {
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().at("/error/code").asText()).isEqualTo("context_length_exceeded");
      assertThat(answer.json().at("/error/message").asText()).contains("1024").containsPattern("prompt has \\d{4}");
    }
    Answer asked = tiny.chat(",'max_tokens':1020");
    assertRefused(asked, 400, "messages");
    assertThat(asked.json().at("/error/message").asText()).contains("1024").contains("1020");
    Answer vast = tiny.post("/v1/chat/completions", TinyServer.chat("x".repeat(4_000_000), ""));
    assertRefused(vast, 400, "messages");
    assertThat(vast.json().at("/error/code").asText()).isEqualTo("context_length_exceeded");
    String message = "{'role':'user','content':'" + "x".repeat(3000) + "'}";
    Answer many = tiny.post("/v1/chat/completions",
        "{'model':'swift-tiny','messages':[" + (message + ",").repeat(2000) + message + "]}");
    assertRefused(many, 400, "messages");
    assertThat(many.json().at("/error/code").asText()).isEqualTo("context_length_exceeded");
  }

  @ParameterizedTest
  @CsvSource({"/v1/moderations", "/page", "/page/../chat.js", "/index.html", "/v1", "/v2/models",
      "/v1/chat/completions/", "/infer/", "/v1/chat/../models", "/..%2f..%2fetc/passwd"})
  void a_path_that_is_not_there_is_not_found(String path) {
    assertRefused(tiny.post(path, "{}"), 404, null);
  }

  @ParameterizedTest
  @CsvSource({"GET, /v1/chat/completions, POST", "PUT, /v1/completions, POST", "POST, /v1/models, GET",
      "DELETE, /v1/models/swift-tiny, GET", "POST, /metrics, GET", "OPTIONS, /tokenize, POST", "POST, /health, GET",
      "PATCH, /detokenize, POST"})
  void a_wrong_method_is_told_with_the_right_one(String method, String path, String allowed) {
    Answer answer =
        tiny.send(tiny.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
    assertRefused(answer, 405, null);
    assertThat(answer.header("allow")).isEqualTo(allowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
      "application/jsonx", "json"})
  void a_body_of_another_type_is_refused(String type) {
    assertRefused(tiny.send(tiny.request("/v1/completions").header("Content-Type", type)
        .POST(HttpRequest.BodyPublishers.ofString("{}"))), 415, null);
  }

  @Test
  void a_body_without_a_type_or_with_an_encoding_is_refused_and_a_charset_is_fine() {
    assertRefused(tiny.send(tiny.request("/tokenize").POST(HttpRequest.BodyPublishers.ofString("{}"))), 415, null);
    assertRefused(tiny.send(tiny.request("/tokenize").header("Content-Type", "application/json")
        .header("Content-Encoding", "gzip").POST(HttpRequest.BodyPublishers.ofString("{}"))), 415, null);
    assertThat(tiny.send(tiny.request("/tokenize").header("Content-Type", "Application/JSON; charset=utf-8")
        .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a\"}"))).status()).isEqualTo(200);
  }
}
