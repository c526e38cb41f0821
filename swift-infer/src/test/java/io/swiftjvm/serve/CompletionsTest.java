package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.serve.TinyServer.Answer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Completions, tokens, models, health and metrics. */
class CompletionsTest extends SharedServer {
  private static JsonNode complete(String prompt, String more) {
    return ok(tiny.post("/v1/completions", "{'model':'swift-tiny','max_tokens':8,'prompt':" + prompt + more + "}"));
  }

  @Test
  void a_completion_has_all_fields_of_the_api() {
    JsonNode r = complete("'LoRA is'", "");
    assertThat(r.path("id").asText()).startsWith("cmpl-");
    assertThat(r.path("object").asText()).isEqualTo("text_completion");
    assertThat(r.at("/choices/0/text").asText()).isNotEmpty();
    assertThat(r.at("/choices/0/finish_reason").asText()).isIn("stop", "length");
    assertThat(r.at("/usage/prompt_tokens").asInt()).isEqualTo(2);
  }

  @Test
  void texts_ids_and_lists_of_both_are_the_same_prompts() {
    String ids = tiny.post("/tokenize", "{'prompt':'The sea is'}").json().path("tokens").toString();
    String text = complete("'The sea is'", "").at("/choices/0/text").asText();
    assertThat(complete(ids, "").at("/choices/0/text").asText()).isEqualTo(text);
    assertThat(complete("[" + ids + "]", "").at("/choices/0/text").asText()).isEqualTo(text);
    JsonNode two = complete("['The sea is','LoRA is']", ",'n':2");
    assertThat(two.path("choices")).hasSize(4);
    assertThat(two.at("/choices/0/text").asText()).isEqualTo(text);
    assertThat(two.at("/choices/1/text").asText()).isEqualTo(text);
    assertThat(two.at("/choices/2/text").asText())
        .isEqualTo(complete("'LoRA is'", "").at("/choices/0/text").asText());
    assertThat(two.at("/usage/prompt_tokens").asInt()).isEqualTo(2
        + tiny.post("/tokenize", "{'prompt':'The sea is'}").json().path("count").asInt());
  }

  @Test
  void an_echo_shows_the_prompt_streamed_or_not() {
    String text = complete("'LoRA is'", "").at("/choices/0/text").asText();
    assertThat(complete("'LoRA is'", ",'echo':true").at("/choices/0/text").asText()).isEqualTo("LoRA is" + text);
    Answer stream = tiny.post("/v1/completions",
        "{'model':'swift-tiny','max_tokens':8,'prompt':'LoRA is','echo':true,'stream':true}");
    assertThat(stream.streamed(0)).isEqualTo("LoRA is" + text);
    assertThat(stream.events()).allMatch(e -> e.path("object").asText().equals("text_completion"));
  }

  @Test
  void log_probabilities_stand_beside_their_tokens() {
    JsonNode r = complete("'The sea is'", ",'logprobs':2,'ignore_eos':true");
    JsonNode lists = r.at("/choices/0/logprobs");
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < lists.path("tokens").size(); i++) {
      assertThat(lists.path("text_offset").path(i).asInt()).isEqualTo(joined.length());
      joined.append(lists.path("tokens").path(i).asText());
      assertThat(lists.path("top_logprobs").path(i)).hasSize(2);
      assertThat(lists.path("token_logprobs").path(i).asDouble()).isLessThanOrEqualTo(0);
    }
    assertThat(joined.toString()).isEqualTo(r.at("/choices/0/text").asText());
  }

  @Test
  void tokens_and_texts_go_both_ways() {
    JsonNode r =
        tiny.post("/tokenize", "{'model':'swift-tiny','prompt':'Über 日本 😀','return_token_strs':true}").json();
    assertThat(r.path("count").asInt()).isEqualTo(r.path("tokens").size()).isEqualTo(r.path("token_strs").size());
    assertThat(r.path("max_model_len").asInt()).isEqualTo(1024);
    assertThat(tiny.post("/detokenize", "{'tokens':" + r.path("tokens") + "}").json().path("prompt").asText())
        .isEqualTo("Über 日本 😀");
    assertThat(tiny.post("/tokenize", "{'prompt':''}").json().path("count").asInt()).isZero();
    assertThat(tiny.post("/detokenize", "{'tokens':[]}").json().path("prompt").asText()).isEmpty();
    JsonNode chat = tiny.post("/tokenize", "{'messages':[{'role':'user','content':'What is LoRA?'}]}").json();
    assertThat(chat.path("count").asInt()).isEqualTo(tiny.chat("").json().at("/usage/prompt_tokens").asInt());
  }

  @Test
  void models_are_listed_with_their_length() {
    JsonNode list = tiny.get("/v1/models").json();
    assertThat(list.path("object").asText()).isEqualTo("list");
    JsonNode card = list.at("/data/0");
    assertThat(card.path("id").asText()).isEqualTo("swift-tiny");
    assertThat(card.path("object").asText()).isEqualTo("model");
    assertThat(card.path("created").isIntegralNumber()).isTrue();
    assertThat(card.path("owned_by").asText()).isNotEmpty();
    assertThat(card.path("max_model_len").asInt()).isEqualTo(1024);
    assertThat(tiny.get("/v1/models/swift-tiny").json()).isEqualTo(card);
    assertThat(tiny.get("/v1/models/swift%2Dtiny").json()).isEqualTo(card);
    assertThat(tiny.get("/v1/models?limit=5").status()).isEqualTo(200);
  }

  private static double metric(String text, String line) {
    return text.lines().filter(l -> l.startsWith(line)).mapToDouble(l -> Double.parseDouble(l.substring(
        l.lastIndexOf(' ')))).findFirst().orElseThrow(() -> new AssertionError(line + " in " + text));
  }

  @Test
  void metrics_count_what_the_usage_blocks_tell() {
    String before = tiny.get("/metrics").text();
    int prompt = 0;
    int made = 0;
    for (String more : List.of("", ",'n':3", ",'stream':true,'stream_options':{'include_usage':true}")) {
      Answer answer = tiny.chat(more);
      JsonNode usage = more.contains("stream") ? answer.events().getLast().path("usage") : answer.json().path("usage");
      prompt += usage.path("prompt_tokens").asInt();
      made += usage.path("completion_tokens").asInt();
    }
    Answer after = tiny.get("/metrics");
    assertThat(after.header("content-type")).startsWith("text/plain");
    String label = "{model_name=\"swift-tiny\"";
    assertThat(metric(after.text(), "vllm:prompt_tokens_total" + label)
        - metric(before, "vllm:prompt_tokens_total" + label)).isEqualTo(prompt);
    assertThat(metric(after.text(), "vllm:generation_tokens_total" + label)
        - metric(before, "vllm:generation_tokens_total" + label)).isEqualTo(made);
    assertThat(metric(after.text(), "vllm:request_success_total" + label + ",finished_reason=\"stop\"")
        - metric(before, "vllm:request_success_total" + label + ",finished_reason=\"stop\"")).isEqualTo(5);
    assertThat(metric(after.text(), "vllm:num_requests_running" + label)).isZero();
    assertThat(metric(after.text(), "vllm:kv_cache_usage_perc" + label)).isZero();
    assertThat(after.text()).doesNotContain("LoRA");
    for (String name : List.of("time_to_first_token_seconds", "inter_token_latency_seconds",
        "e2e_request_latency_seconds", "request_queue_time_seconds", "request_prefill_time_seconds",
        "request_decode_time_seconds", "request_prompt_tokens", "request_generation_tokens")) {
      double all = metric(after.text(), "vllm:" + name + "_count" + label);
      assertThat(all).as(name).isPositive();
      assertThat(metric(after.text(), "vllm:" + name + "_bucket" + label + ",le=\"+Inf\"")).isEqualTo(all);
    }
  }
}
