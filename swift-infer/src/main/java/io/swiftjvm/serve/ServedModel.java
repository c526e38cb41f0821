package io.swiftjvm.serve;

import io.swiftjvm.model.CausalLm;
import io.swiftjvm.text.ChatTemplate;
import io.swiftjvm.text.Tokenizer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server answers with; owned by the caller and open as long as the server is.
 *
 * {@snippet :
 * var served = new ServedModel("tiny", model, tokenizer, ChatTemplate.load(folder), null, Map.of(), List.of());
 * }
 *
 * @param name what it is called unless {@link ServeOptions#name} says otherwise
 * @param model the weights
 * @param tokenizer its tokenizer
 * @param template its chat template; null = chat requests are refused
 * @param system system text for conversations that have none; null = none
 * @param variables further variables of the template, which requests may override
 * @param adapters adapters on the model that answer under its own name
 * @param texts how texts for vectors and relevance are read; null = as plain tokens
 */
public record ServedModel(
    String name, CausalLm model, Tokenizer tokenizer, @Nullable ChatTemplate template, @Nullable String system,
    Map<String, Object> variables, List<String> adapters, @Nullable TextForm texts) {
  public ServedModel {
    variables = Map.copyOf(variables);
    adapters = List.copyOf(adapters);
  }

  /** A model that reads texts as plain tokens. */
  public ServedModel(
      String name, CausalLm model, Tokenizer tokenizer, @Nullable ChatTemplate template, @Nullable String system,
      Map<String, Object> variables, List<String> adapters) {
    this(name, model, tokenizer, template, system, variables, adapters, null);
  }
}
