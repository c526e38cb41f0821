package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Trainable tokens: trains single rows of the token table, such as those of new special tokens, and saves only those.
 *
 * {@snippet :
 * TunerSpec spec = new TrainableTokensSpec(List.of(151669, 151670), LoraTargets.of("embed_tokens"));
 * }
 *
 * @param tokens ids of the rows, each once; PEFT's {@code token_indices}
 * @param targets the token table, {@code embed_tokens}
 */
public record TrainableTokensSpec(List<Integer> tokens, LoraTargets targets) implements ModuleSpec {
  /** No token yet, of the token table called {@code embed_tokens}. */
  public static final TrainableTokensSpec DEFAULT =
      new TrainableTokensSpec(List.of(), LoraTargets.of("embed_tokens"));

  static final String TYPE = "TRAINABLE_TOKENS";
  static final TunerMethod<TrainableTokensSpec> METHOD = TunerMethod.of("trainable_tokens", DEFAULT)
      .texts("trainable_token_indices", "Ids of the rows of the token table that are trained.",
          s -> s.tokens.stream().map(String::valueOf).toList(),
          (s, v) -> s.tokens(TunerMethod.integers("trainable_token_indices", v)))
      .targets(TrainableTokensSpec::targets, TrainableTokensSpec::targets);

  public TrainableTokensSpec {
    tokens = List.copyOf(tokens);
    Ranges.check(tokens.stream().distinct().count() == tokens.size(),
        "trainableTokens.tokens is " + tokens + "; it must name each token only once.");
  }

  static TunerSpec read(ConfigReader config) {
    config.only("init_weights", "true", "false");
    LoraTargets targets = config.has("target_modules") ? config.targets() : LoraTargets.of("embed_tokens");
    return new TrainableTokensSpec(config.integers("token_indices"), targets);
  }

  /** Sets tokens: ids of the rows, each once; PEFT's {@code token_indices}. */
  public TrainableTokensSpec tokens(List<Integer> value) {
    return new TrainableTokensSpec(value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public TrainableTokensSpec targets(LoraTargets value) {
    return new TrainableTokensSpec(tokens, value);
  }

  @Override
  public void write(ObjectNode json) {
    tokens.forEach(json.putArray("token_indices")::add);
  }

  @Override
  public @Nullable String problem() {
    return tokens.isEmpty() ? "trainable_token_indices is empty; name the token ids whose rows are trained." : null;
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    return Map.of("trainable_tokens_delta", new long[] {tokens.size(), shapes.config().hiddenSize()});
  }

  // The whole table stands in float32, and so does its gradient.
  @Override
  public long matrices(ModelShapes shapes) {
    return 2L * shapes.config().vocabSize() * shapes.config().hiddenSize();
  }

  @Override
  public ModuleChange attach(AdapterTensors tensors) {
    Parameter table = tensors.model().parameters().getFirst();
    String module = table.name().substring(0, table.name().lastIndexOf('.'));
    Ranges.check(targets.matches(List.of(module)).size() == 1,
        "Tokens of " + targets + " were asked for, but the token table of this model is '" + module + "'.");
    for (int token : tokens) {
      Ranges.check(token >= 0 && token < table.value().dim(0), "trainableTokens.tokens has " + token
          + ", the token table " + table.value().dim(0) + " rows.");
    }
    Backend backend = tensors.model().backend();
    Tensor whole = tensors.widened(table);
    Tensor ids = tensors.constant(DType.I32,
        MemorySegment.ofArray(tokens.stream().mapToInt(Integer::intValue).toArray()), tokens.size());
    long width = whole.dim(1);
    Start start = (values, shape, random) -> {
      Tensor rows = tensors.constant(DType.F32, MemorySegment.ofArray(values), shape);
      backend.gatherRows(whole, ids, rows);
      backend.download(rows, MemorySegment.ofArray(values));
    };
    Parameter delta = tensors.parameter(AdapterTensors.PREFIX + "model." + module + ".trainable_tokens_delta",
        module + ".trainable_tokens_delta", true, start, tokens.size(), width);
    return new ModuleChange() {
      @Override
      List<String> modules() {
        return List.of(module);
      }

      @Override
      void apply() {
        updated();
        put(table, whole, tensors.trainable());
      }

      @Override
      void differentiated(Gradients gradients) {
        Tensor all = gradients.get(table.value());
        if (all != null) {
          backend.gatherRows(all, ids, gradients.getOrZero(delta.value()));
          gradients.drop(table.value());
        }
      }

      @Override
      void updated() {
        for (int i = 0; i < tokens.size(); i++) {
          backend.copy(delta.value().slice(i, 1), whole.slice(tokens.get(i), 1));
        }
      }
    };
  }
}
