package io.swiftjvm.serve;

import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** {@code POST /v1/completions}. */
final class CompletionsEndpoint implements Endpoint {
  private static final int LOGPROBS = 5;

  private final Service service;
  private final Responder responder;
  private final TextInputs inputs;

  CompletionsEndpoint(Service service) {
    this.service = service;
    this.responder = new Responder(service);
    this.inputs = new TextInputs(service, "prompt", service.options().sizes().choices(), false);
  }

  @Override
  public void answer(Call call) throws IOException, InterruptedException {
    Fields f = call.fields();
    String model = service.names().required(f);
    Integer logprobs = f.integer("logprobs", 0, Math.min(LOGPROBS, service.options().sizes().logprobs()));
    int most = service.options().sizes().choices();
    Integer best = f.integer("best_of", 1, most);
    int shown = Work.count(f, 1, most);
    if (best != null && (best < shown || (best > shown && Work.streaming(f)))) {
      throw ApiException.invalid("best_of", "best_of is " + best + ": it must be n or more, and n where it streams.");
    }
    boolean chooses = best != null && best > shown;
    SamplingParams params = service.sampling().params(f, chooses && logprobs == null ? Integer.valueOf(0) : logprobs);
    boolean usage = Work.usage(f);
    boolean echo = f.flag("echo", false);
    f.unsupported("echo", !echo || logprobs == null);
    List<TextInputs.Input> prompts = inputs.read(f);
    Guided guided = Guided.read(f);
    if (guided != null) {
      Guided.check(service, guided.grammar(), guided.param());
    }
    int n = chooses && best != null ? best : shown;
    if ((long) n * prompts.size() > most) {
      throw ApiException.invalid(
          chooses ? "best_of" : "n", prompts.size() + " prompts times " + n + " are more than " + most + " answers.");
    }
    List<GenerateRequest> requests = new ArrayList<>();
    for (TextInputs.Input prompt : prompts) {
      SamplingParams fitting =
          service.sampling().fitting(f, params, prompt.ids().length, service.names().maxLength(), "prompt");
      requests.addAll(Work.choices(new GenerateRequest(
          prompt.ids(), fitting, service.names().adapters(model), service.sampling().processors(f))
          .cacheSalt(service.sampling().salt(f)).grammar(guided == null ? null : guided.grammar())
          .specialTokens(!f.flag("skip_special_tokens", true)), n));
    }
    IntFunction<String> echoed = echo ? index -> shown(prompts.get(index / n)) : null;
    responder.answer(call, new Work(Work.newId("cmpl-"), Instant.now().getEpochSecond(), model, requests,
        prompts.stream().mapToInt(p -> p.ids().length).sum(), Work.streaming(f), usage,
        new CompletionForm(service.tokens(), chooses || logprobs != null, echoed)),
        chooses ? new BestOf(n, shown, logprobs != null) : View.PLAIN);
  }

  private String shown(TextInputs.Input prompt) {
    String given = prompt.given();
    return given == null ? decode(service, prompt.ids()) : given;
  }

  /** The text of ids, also of those that only the model's matrix has. */
  static String decode(Service service, int[] ids) {
    int known = service.served().tokenizer().vocabSize();
    int[] kept = Arrays.stream(ids).filter(id -> id < known).toArray();
    return service.served().tokenizer().decode(kept, false);
  }
}
