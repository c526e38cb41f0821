package io.swiftjvm.run;

import io.swiftjvm.error.TemplateException;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Everything of a model tried once: weights, tokenizer, template, eight greedy tokens.
 *
 * @param text what the model answered
 * @param warnings what is odd but works
 * @param renderError the chat template refused a plain conversation
 */
public record ModelCheck(String text, List<String> warnings, boolean renderError) {
  private static final String QUESTION = "Hello";
  private static final int TOKENS = 8;

  /** Loads and tries the model of {@code settings}; what cannot work at all is a typed refusal. */
  public static ModelCheck of(Settings settings) {
    try (LoadedModel loaded = LoadedModel.open(settings)) {
      List<String> warnings = new ArrayList<>();
      Tokenizer tokenizer = loaded.tokenizer();
      int vocabulary = loaded.model().config().vocabSize();
      if (tokenizer.vocabSize() > vocabulary) {
        warnings.add("the tokenizer has " + tokenizer.vocabSize() + " tokens, the model only " + vocabulary);
      }
      if (loaded.model().source().eosIds().isEmpty()) {
        warnings.add("neither generation_config.json nor config.json names an end token; answers end by length only");
      }
      boolean renderError = false;
      int[] prompt = tokenizer.encode(QUESTION, true);
      if (ChatTemplate.find(loaded.source().folder()).isEmpty()) {
        warnings.add("there is no chat template; prompts are taken as plain text");
      } else {
        try {
          prompt = ChatEncoder.prompt(loaded, List.of(Map.of("role", "user", "content", QUESTION)), settings.text());
        } catch (TemplateException e) {
          renderError = true;
          warnings.add("the chat template refuses a plain question: " + e.getMessage());
        }
      }
      GenerateRequest request = GenerateRequest.of(prompt).adapters(loaded.adapters())
          .sampling(SamplingParams.GREEDY.maxTokens(TOKENS).ignoreEos(true));
      Completion answer = new Engine(loaded.model(), tokenizer).generate(request);
      return new ModelCheck(answer.text(), List.copyOf(warnings), renderError);
    }
  }
}
