package io.swiftjvm.run;

import io.swiftjvm.plan.Settings;
import io.swiftjvm.plan.Task;
import io.swiftjvm.plan.TextSettings;
import io.swiftjvm.serve.ServedModel;
import io.swiftjvm.serve.TextForm;
import io.swiftjvm.text.ChatTemplate;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From the model of a plan to what a server answers with. */
public final class Serving {
  private Serving() {}

  /** The model with its template, the plan's system text and the active adapters; called after its folder. */
  public static ServedModel model(Settings settings, LoadedModel loaded) {
    TextSettings text = settings.text();
    Boolean thinking = text.enableThinking();
    String system = text.system();
    ChatTemplate template =
        ChatTemplate.find(loaded.source().folder()).isPresent() ? loaded.template() : null;
    return new ServedModel(name(settings.model().requireModel()), loaded.model(), loaded.tokenizer(), template,
        system == null || system.isEmpty() ? null : system,
        thinking == null ? Map.of() : Map.of("enable_thinking", thinking), loaded.adapters(), texts(settings, loaded));
  }

  private static @Nullable TextForm texts(Settings settings, LoadedModel loaded) {
    return !settings.task().ofTexts() ? null : new TextForm(TextTokens.encoder(settings, loaded),
        settings.task() == Task.GENERATIVE_RERANKER ? TextTokens.words(settings, loaded) : null);
  }

  private static String name(String model) {
    String plain = model.replace('\\', '/').replaceAll("/+$", "");
    return plain.substring(plain.lastIndexOf('/') + 1);
  }
}
