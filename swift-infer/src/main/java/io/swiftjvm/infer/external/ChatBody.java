package io.swiftjvm.infer.external;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.ChatRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.infer.grammar.Grammar;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request as {@code /v1/chat/completions} takes it. What an engine does not have is refused, never left out. */
final class ChatBody {
  private final EngineKind kind;
  private final ObjectNode body = JsonNodeFactory.instance.objectNode();

  private ChatBody(EngineKind kind) {
    this.kind = kind;
  }

  static ObjectNode of(ObjectMapper json, EngineKind kind, ChatRequest request, SamplingParams sampling, String model) {
    ChatBody chat = new ChatBody(kind);
    chat.body.put("model", model).put("stream", true).set("messages", json.valueToTree(request.messages()));
    chat.body.putObject("stream_options").put("include_usage", true);
    chat.sampling(json, sampling);
    if (request.grammar() != null) {
      chat.form(json, request.grammar());
    }
    return chat.body;
  }

  private void form(ObjectMapper json, Grammar grammar) {
    switch (grammar) {
      case Grammar.Json(String schema) -> body.putObject("response_format").put("type", "json_schema")
          .putObject("json_schema").put("name", "answer").put("strict", true).set("schema", tree(json, schema));
      case Grammar.Regex(String pattern) -> form(json, "regex", pattern);
      case Grammar.Choice(List<String> texts) -> form(json, "choice", texts);
      case Grammar.Ebnf(String rules) -> form(json, "grammar", rules);
      default -> throw new InvalidPlanException("A form of several parts is for the engine in this JVM only. Give "
          + kind + " JSON, a pattern, a choice or rules.");
    }
  }

  private void form(ObjectMapper json, String name, Object value) {
    if (!kind.takes("structured_outputs")) {
      throw new InvalidPlanException("The engine " + kind + " does not take a " + name + " as the form of an answer. "
          + "Give it a JSON schema.");
    }
    body.putObject("structured_outputs").set(name, json.valueToTree(value));
  }

  private static JsonNode tree(ObjectMapper json, String schema) {
    try {
      return json.readTree(schema);
    } catch (JsonProcessingException e) {
      throw new InvalidPlanException("A schema is no JSON: " + e.getOriginalMessage() + ". Correct it.", e);
    }
  }

  private void sampling(ObjectMapper json, SamplingParams p) {
    if (p.logprobs() != null || p.noRepeatNgram() != 0) {
      throw new InvalidPlanException("logprobs and noRepeatNgram are for the engine in this JVM only; leave them out.");
    }
    plain("max_tokens", p.maxTokens());
    plain("temperature", p.temperature());
    plain("top_p", p.topP());
    plain("seed", p.seed());
    plain("presence_penalty", p.presencePenalty() == 0 ? null : p.presencePenalty());
    plain("frequency_penalty", p.frequencyPenalty() == 0 ? null : p.frequencyPenalty());
    if (!p.stop().isEmpty()) {
      body.set("stop", json.valueToTree(p.stop()));
    }
    // all of these engines take -1 for "all", some refuse 0
    extra("top_k", p.topK() != null && p.topK() == 0 ? Integer.valueOf(-1) : p.topK(), p.topK() == null);
    extra("min_p", p.minP(), p.minP() == null);
    extra("repetition_penalty", p.repetitionPenalty(), p.repetitionPenalty() == null);
    extra("min_tokens", p.minTokens(), p.minTokens() == 0);
    extra("stop_token_ids", p.stopTokenIds(), p.stopTokenIds().isEmpty());
    extra("ignore_eos", p.ignoreEos(), !p.ignoreEos());
    extra("include_stop_str_in_output", p.includeStop(), !p.includeStop());
  }

  private void plain(String field, @Nullable Object value) {
    if (value != null) {
      body.putPOJO(field, value);
    }
  }

  private void extra(String field, @Nullable Object value, boolean unset) {
    if (unset) {
      return;
    }
    if (!kind.takes(field)) {
      throw new InvalidPlanException("The engine " + kind + " does not take " + field + ". Leave it out.");
    }
    plain(field, value);
  }
}
