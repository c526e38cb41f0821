package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/completions}. */
final class CompletionsEndpoint implements Endpoint {
  private static final int LOGPROBS = 5;

  private final Service service;
  private final Responder responder;

  CompletionsEndpoint(Service service) {
    this.service = service;
    this.responder = new Responder(service);
  }

  /** A prompt and what an echo shows of it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Prompt(int[] ids, String text) {}

  @Override
  public void answer(Call call) throws IOException, InterruptedException {
    Fields f = call.fields();
    String model = service.names().required(f);
    Integer logprobs = f.integer("logprobs", 0, Math.min(LOGPROBS, service.options().sizes().logprobs()));
    SamplingParams params = service.sampling().params(f, logprobs);
    boolean usage = Work.usage(f);
    boolean echo = f.flag("echo", false);
    f.unsupported("echo", !echo || logprobs == null);
    List<Prompt> prompts = prompts(f);
    int n = Work.count(f, prompts.size(), service.options().sizes().choices());
    List<GenerateRequest> requests = new ArrayList<>();
    for (Prompt prompt : prompts) {
      SamplingParams fitting =
          service.sampling().fitting(f, params, prompt.ids.length, service.names().maxLength(), "prompt");
      requests.addAll(Work.choices(new GenerateRequest(
          prompt.ids, fitting, service.names().adapters(model), service.sampling().processors(f)), n));
    }
    IntFunction<String> shown = echo ? index -> prompts.get(index / n).text : null;
    responder.answer(call, new Work(Work.newId("cmpl-"), Instant.now().getEpochSecond(), model, requests,
        prompts.stream().mapToInt(p -> p.ids.length).sum(), Work.streaming(f), usage,
        new CompletionForm(service.tokens(), logprobs != null, shown)));
  }

  private List<Prompt> prompts(Fields f) {
    JsonNode prompt = f.get("prompt");
    boolean special = f.flag("add_special_tokens", true);
    if (prompt == null) {
      throw ApiException.invalid("prompt", "prompt is missing.");
    }
    if (prompt.isTextual()) {
      return List.of(text(prompt.textValue(), special));
    }
    if (!prompt.isArray() || prompt.isEmpty()) {
      throw wrong();
    }
    if (prompt.get(0).isNumber()) {
      return List.of(ids(prompt));
    }
    if (prompt.size() > service.options().sizes().choices()) {
      throw ApiException.invalid("prompt", "There are " + prompt.size() + " prompts; at most "
          + service.options().sizes().choices() + " are taken.");
    }
    List<Prompt> prompts = new ArrayList<>();
    boolean texts = prompt.get(0).isTextual();
    for (JsonNode one : prompt) {
      if (texts ? !one.isTextual() : !one.isArray()) {
        throw wrong();
      }
      prompts.add(texts ? text(one.textValue(), special) : ids(one));
    }
    return prompts;
  }

  private Prompt text(String text, boolean special) {
    String whole = Text.whole(text);
    return checked(service.prompts().text(whole, special, service.names().maxLength(), "prompt"), whole);
  }

  private Prompt ids(JsonNode list) {
    List<JsonNode> nodes = new ArrayList<>();
    list.forEach(nodes::add);
    int[] ids = TokenIds.array(TokenIds.read(nodes, service.vocabulary(), "prompt"));
    return checked(ids, decode(service, ids));
  }

  private static Prompt checked(int[] ids, @Nullable String text) {
    if (ids.length == 0 || text == null) {
      throw ApiException.invalid("prompt", "A prompt has no tokens.");
    }
    return new Prompt(ids, text);
  }

  /** The text of ids, also of those that only the model's matrix has. */
  static String decode(Service service, int[] ids) {
    int known = service.served().tokenizer().vocabSize();
    int[] kept = Arrays.stream(ids).filter(id -> id < known).toArray();
    return service.served().tokenizer().decode(kept, false);
  }

  private static ApiException wrong() {
    return ApiException.invalid(
        "prompt", "prompt must be a string, a list of strings, a list of token ids or a list of those.");
  }
}
