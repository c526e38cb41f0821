package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.tuner.Adapters;
import io.swiftjvm.tuner.ModelExport;
import io.swiftjvm.tuner.method.TunerAdapter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares an attached adapter with what PEFT computed. */
public final class AdapterOracle {
  public static final Path INPUTS = Oracle.path("peft/inputs.safetensors");
  private static final String PREFIX = "grad.base_model.model.";

  private AdapterOracle() {}

  /** Gradients of the loss by every parameter that PEFT has one for; the worst share of the largest entry. */
  public static double checkGradients(TrainedWeights weights, Map<String, float[]> golden) {
    double worst = 0;
    Map<String, float[]> ours = gradients(weights);
    double largest = ours.values().stream().mapToDouble(Oracle::largest).max().orElse(0);
    for (Map.Entry<String, float[]> entry : golden.entrySet()) {
      if (entry.getKey().startsWith("grad.")) {
        String name = entry.getKey().replace(PREFIX, "").replace(".ln_tuning_layers.default", "").replace(".modules_to_save.default", "")
            .replace("grad.prompt_encoder.default.embedding", "prompt_encoder.embedding.default");
        // PEFT shows what all projections share under the first of them.
        float[] found = ours.getOrDefault(name, ours.get(name.replaceFirst(".*_proj\\.", "")));
        assertThat(found).as(name).isNotNull();
        // A single number that is the small rest of a large sum has few digits to compare: torch's own float32 is 2.3e-8 off
        // float64 at DeLoRA's lambda of layers.0.self_attn.v_proj (-7.47e-5, beside gradients up to 0.56).
        double least = entry.getValue().length == 1 ? 4e-3 : 1e-3;
        double size = Math.max(Oracle.largest(entry.getValue()), least * largest);
        double relative = Oracle.worst(found, entry.getValue()) / size;
        assertThat(relative).as(name).isLessThan(2e-5);
        worst = Math.max(worst, relative);
      }
    }
    return worst;
  }

  /** Gradients of the loss on {@link #INPUTS} by name. */
  public static Map<String, float[]> gradients(TrainedWeights weights) {
    CausalLm model = weights.model();
    Batch batch = weights.batch(batch());
    Map<String, float[]> result = new HashMap<>();
    try (Scope scope = new Scope(model.backend());
        Tape tape = new Tape(model.backend());
        Gradients gradients = new Gradients(model.backend())) {
      Pass pass = weights.pass(
          Pass.of(new Ops(model.backend(), tape, scope), AttentionContext.packed(batch.cuSeqlens())), batch);
      CausalLmObjective sft = CausalLmObjective.SFT;
      Objective.Outcome outcome = sft.loss(model, pass, batch, sft.units(batch));
      Tensor penalty = weights.penalty(pass.ops());
      Tensor loss = penalty == null ? outcome.loss() : pass.ops().add(outcome.loss(), penalty);
      tape.backward(loss, scope.floats(new float[] {1}, 1), gradients);
      weights.differentiated(gradients);
      for (Parameter parameter : weights.parameters()) {
        Tensor gradient = gradients.get(parameter.value());
        assertThat(gradient).as(parameter.name()).isNotNull();
        result.put(parameter.name(), gradient.toFloats());
      }
    }
    return result;
  }

  /** Logits of {@link #INPUTS} under an adapter that may have something before the text. */
  public static float[] logits(TunerAdapter adapter) {
    CausalLm model = adapter.model();
    Batch batch = TrainedWeights.widened(adapter, batch());
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = adapter.pass(Pass.of(new Ops(model.backend(), null, scope),
          AttentionContext.packed(batch.cuSeqlens())).adapters(List.of(adapter.name())), batch.ids(), batch.positions(),
          batch.cuSeqlens());
      return model.logits(pass, model.hidden(pass, scope.ints(batch.ids()), batch.positions())).toFloats();
    }
  }

  /** {@link #INPUTS} as a batch. */
  public static Batch batch() {
    long[] labels = Oracle.longs(INPUTS, "labels");
    long[] mask = new long[labels.length];
    Arrays.fill(mask, 1);
    return Oracle.flat(1, labels.length, Oracle.longs(INPUTS, "input_ids"), mask, labels);
  }

  /** Merged weights; the worst difference. Where there are weights above 1 the tolerance is a part of the largest. */
  public static double checkMerged(CausalLm model, Map<String, float[]> golden, Path folder, double tolerance) {
    // What changes the model's own modules is no adapter of a projection, and already in the weights.
    Path merged = Adapters.names(model).isEmpty() ? ModelExport.save(model, folder, DType.F32, false)
        : ModelExport.merge(model, List.of("default"), folder, DType.F32, false);
    Map<String, float[]> weights = Oracle.tensors(merged.resolve("model.safetensors"));
    double worst = 0;
    for (Map.Entry<String, float[]> entry : golden.entrySet()) {
      if (entry.getKey().startsWith("merged.")) {
        double difference = Oracle.worst(weights.get(entry.getKey().substring("merged.".length())), entry.getValue());
        assertThat(difference).as(entry.getKey()).isLessThan(tolerance * Math.max(1, Oracle.largest(entry.getValue())));
        worst = Math.max(worst, difference);
      }
    }
    return worst;
  }
}
