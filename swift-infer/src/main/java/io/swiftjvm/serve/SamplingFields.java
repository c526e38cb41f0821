package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.hub.GenerationConfig;
import io.swiftjvm.infer.LogitsProcessor;
import io.swiftjvm.infer.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields that chat and completions share. What a request does not say the server's settings say, then the model's
 * {@code generation_config.json}, then OpenAI's defaults.
 */
final class SamplingFields {
  private static final int STOPS = 16;
  private static final int STOP_LENGTH = 256;
  private static final int STOP_IDS = 128;
  private static final int BIASES = 1024;
  private static final int MOST = Integer.MAX_VALUE;

  private final SamplingParams defaults;
  private final GenerationConfig model;
  private final int vocabulary;

  SamplingFields(SamplingParams defaults, GenerationConfig model, int vocabulary) {
    this.defaults = defaults;
    this.model = model;
    this.vocabulary = vocabulary;
  }

  /** Everything but the number of tokens. */
  SamplingParams params(Fields f, @Nullable Integer logprobs) {
    refuseUnsupported(f);
    SamplingParams p = defaults;
    Double temperature = f.number("temperature", 0, 2);
    boolean unsaid = p.temperature() == null && model.doSample().isEmpty() && model.temperature().isEmpty();
    p = p.temperature(temperature != null ? temperature : unsaid ? Double.valueOf(1) : p.temperature());
    Integer topK = f.integer("top_k", -1, MOST);
    Double topP = f.number("top_p", 0, 1);
    // the field's 0 is a set of one token
    Double share = topP == null ? p.topP() : Double.valueOf(Math.max(1e-6, topP));
    p = p.topK(topK != null ? Integer.valueOf(Math.max(0, topK)) : p.topK()).topP(share);
    p = p.minP(or(f.number("min_p", 0, 1), p.minP()));
    Double repetition = f.number("repetition_penalty", 0, 1e6);
    if (repetition != null && repetition < 1e-6) {
      throw ApiException.invalid("repetition_penalty", "repetition_penalty must be over 0.");
    }
    p = p.repetitionPenalty(or(repetition, p.repetitionPenalty()));
    Double presence = f.number("presence_penalty", -2, 2);
    Double frequency = f.number("frequency_penalty", -2, 2);
    p = p.presencePenalty(presence == null ? p.presencePenalty() : presence);
    p = p.frequencyPenalty(frequency == null ? p.frequencyPenalty() : frequency);
    Long seed = f.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    p = p.seed(seed == null ? p.seed() : seed);
    p = p.stop(f.has("stop") ? stops(f) : p.stop()).stopTokenIds(stopIds(f, p.stopTokenIds()));
    return p.includeStop(f.flag("include_stop_str_in_output", p.includeStop()))
        .ignoreEos(f.flag("ignore_eos", p.ignoreEos())).logprobs(logprobs);
  }

  /** {@link #params} with the tokens that fit behind a prompt of {@code prompt}. */
  SamplingParams fitting(Fields f, SamplingParams params, int prompt, int limit, String promptParam) {
    Integer newer = f.integer("max_completion_tokens", 1, MOST);
    Integer older = f.integer("max_tokens", 1, MOST);
    Integer asked = newer != null ? newer : older;
    int room = limit - prompt;
    if (room < 1 || (asked != null && asked > room)) {
      throw ApiException.tooLong(promptParam, "This model's maximum context length is " + limit + " tokens; the prompt "
          + "has " + prompt + (asked == null ? "" : " and " + asked + " were asked for") + ". Shorten the prompt or "
          + "ask for fewer tokens.");
    }
    Integer usual = defaults.maxTokens() != null ? defaults.maxTokens()
        : model.maxNewTokens().isPresent() ? Integer.valueOf(model.maxNewTokens().getAsInt()) : null;
    int most = asked != null ? asked : usual == null ? room : Math.min(usual, room);
    Integer least = f.integer("min_tokens", 0, MOST);
    if (least != null && least > most) {
      throw ApiException.invalid("min_tokens", "min_tokens is " + least + ", more than the " + most
          + " tokens that the answer may have.");
    }
    return params.maxTokens(most).minTokens(least == null ? Math.min(params.minTokens(), most) : least);
  }

  List<LogitsProcessor> processors(Fields f) {
    JsonNode bias = f.get("logit_bias");
    if (bias == null) {
      return List.of();
    }
    if (!bias.isObject() || bias.size() > BIASES) {
      throw ApiException.invalid("logit_bias", "logit_bias must be an object of at most " + BIASES + " token ids.");
    }
    int[] ids = new int[bias.size()];
    float[] values = new float[ids.length];
    int i = 0;
    for (Map.Entry<String, JsonNode> entry : bias.properties()) {
      ids[i] = entry.getKey().matches("[0-9]{1,9}") ? Integer.parseInt(entry.getKey()) : -1;
      double value = entry.getValue().isNumber() ? entry.getValue().doubleValue() : Double.NaN;
      if (ids[i] < 0 || ids[i] >= vocabulary || !(value >= -100 && value <= 100)) {
        throw ApiException.invalid("logit_bias", "logit_bias maps token ids from 0 to " + (vocabulary - 1)
            + " to numbers from -100 to 100.");
      }
      values[i++] = (float) value;
    }
    return ids.length == 0 ? List.of() : List.of((history, scores) -> {
      for (int k = 0; k < ids.length; k++) {
        scores[ids[k]] += values[k];
      }
    });
  }

  /** Prompts share work only where this agrees. */
  @Nullable String salt(Fields f) {
    return f.text("cache_salt");
  }

  private static @Nullable Double or(@Nullable Double value, @Nullable Double absent) {
    return value != null ? value : absent;
  }

  private static List<String> stops(Fields f) {
    JsonNode stop = f.get("stop");
    List<String> texts = new ArrayList<>();
    List<JsonNode> nodes = stop != null && stop.isTextual() ? List.of(stop) : f.list("stop", STOPS);
    for (JsonNode node : nodes == null ? List.<JsonNode>of() : nodes) {
      if (!node.isTextual() || node.textValue().isEmpty() || node.textValue().length() > STOP_LENGTH) {
        throw ApiException.invalid("stop", "stop must be a string or up to " + STOPS + " strings of 1 to "
            + STOP_LENGTH + " characters.");
      }
      texts.add(Text.whole(node.textValue()));
    }
    return texts;
  }

  private List<Integer> stopIds(Fields f, List<Integer> absent) {
    List<JsonNode> nodes = f.list("stop_token_ids", STOP_IDS);
    return nodes == null ? absent : TokenIds.read(nodes, vocabulary, "stop_token_ids");
  }

  private static void refuseUnsupported(Fields f) {
    f.unsupported("functions", false);
    f.unsupported("prompt_logprobs", false);
    f.unsupported("suffix", false);
    f.unsupported("chat_template", false);
    f.unsupported("num_beams", Integer.valueOf(1).equals(f.integer("num_beams", 1, MOST)));
    f.unsupported("length_penalty", Double.valueOf(1).equals(f.number("length_penalty", -1e6, 1e6)));
  }
}
