package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.optimizer.AdamW;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.ParamGroup;
import io.swiftjvm.train.optimizer.ParamGroups;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdamWTest {
  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw_b"})
  void eight_steps_are_those_of_torch(String name) {
    JsonNode args = Oracle.json("training/optimizers.json").path(name).path("args");
    Map<String, float[]> golden = Oracle.tensors(Oracle.path("training/optimizers.safetensors"));
    OptimSpec spec = OptimSpec.DEFAULT.betas(args.path("betas").path(0).asDouble(0.9),
        args.path("betas").path(1).asDouble(0.999)).epsilon(args.path("eps").asDouble(1e-8));
    double decay = args.path("weight_decay").asDouble(0.01);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter parameter = new Parameter("p", scope.floats(golden.get("p0"), 5, 6));
      parameter.trainable(true);
      try (AdamW adamW = new AdamW(backend, spec, List.of(new ParamGroup("all", List.of(parameter), 1, decay)));
          Gradients gradients = new Gradients(backend)) {
        for (int step = 1; step <= 8; step++) {
          try (Scope inner = new Scope(backend)) {
            float[] one = Arrays.copyOfRange(golden.get("grads"), (step - 1) * 30, step * 30);
            gradients.add(parameter.value(), inner.floats(one, 5, 6));
            adamW.step(gradients, args.path("lr").asDouble(), 1);
            gradients.clear();
          }
          float[] after = golden.get(name + ".after" + step);
          if (after != null) {
            assertThat(Oracle.worst(parameter.value().toFloats(), after)).as("step " + step).isLessThan(1e-6);
          }
        }
      }
    }
  }

  @Test
  void norms_and_biases_are_not_decayed_by_the_names_of_the_hf_trainer() {
    assertThat(ParamGroups.decays("model.layers.0.self_attn.q_proj.weight")).isTrue();
    assertThat(ParamGroups.decays("model.embed_tokens.weight")).isTrue();
    assertThat(ParamGroups.decays("model.layers.0.self_attn.q_proj.lora_A.default.weight")).isTrue();
    assertThat(ParamGroups.decays("model.layers.0.self_attn.q_proj.bias")).isFalse();
    assertThat(ParamGroups.decays("model.layers.0.self_attn.q_norm.weight")).isFalse();
    assertThat(ParamGroups.decays("model.layers.0.input_layernorm.weight")).isFalse();
    assertThat(ParamGroups.decays("model.norm.weight")).isFalse();
  }

  @Test
  void illegal_settings_are_refused() {
    assertThatThrownBy(() -> OptimSpec.DEFAULT.learningRate(0.0)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("learningRate");
    assertThatThrownBy(() -> OptimSpec.DEFAULT.betas(0.9, 1)).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> OptimSpec.DEFAULT.maxGradNorm(Double.NaN)).isInstanceOf(InvalidPlanException.class);
  }
}
