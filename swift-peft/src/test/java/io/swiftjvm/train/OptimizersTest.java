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
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.Optimizer;
import io.swiftjvm.train.optimizer.ParamGroup;
import io.swiftjvm.train.optimizer.ParamGroups;
import io.swiftjvm.train.optimizer.RuleOptimizer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizersTest {
  /** Cases whose optimizer has another name than the case. */
  private static final Map<String, String> TYPES = Map.of("adamw_b", "adamw", "adam_l2", "adam", "sgd_momentum", "sgd",
      "sgd_nesterov", "sgd", "adafactor_hf", "adafactor");

  /** What torch's default is where ours is not. */
  private static OptimSpec spec(String name, JsonNode args) {
    Map<String, Double> settings = new TreeMap<>();
    for (String key : List.of("momentum", "nesterov")) {
      if (args.has(key)) {
        settings.put(key, args.get(key).isBoolean() ? 1 : args.get(key).asDouble());
      }
    }
    if (name.equals("muon")) {
      settings.put("match_rms_adamw", 0.0);
    }
    return OptimSpec.DEFAULT.type(TYPES.getOrDefault(name, name)).args(settings)
        .betas(args.path("betas").path(0).asDouble(0.9), args.path("betas").path(1).asDouble(0.999))
        .epsilon(args.path("eps").asDouble(1e-8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw", "adamw_b", "adam_l2", "adamw_amsgrad", "sgd_momentum", "sgd_nesterov", "rmsprop",
      "adagrad", "adadelta", "adamax", "nadam", "radam", "muon", "adafactor_torch", "adafactor_hf"})
  void eight_steps_are_those_of_torch(String name) {
    JsonNode args = Oracle.json("training/optimizers.json").path(name).path("args");
    Map<String, float[]> golden = Oracle.tensors(Oracle.path("training/optimizers.safetensors"));
    double decay = args.path("weight_decay").asDouble(name.equals("adamw_amsgrad") ? 0.01 : 0);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter parameter = new Parameter("p", scope.floats(golden.get("p0"), 5, 6));
      parameter.trainable(true);
      ParamGroup group = new ParamGroup("all", List.of(parameter), 1, decay);
      try (Optimizer optimizer = RuleOptimizer.of(backend, spec(name, args), List.of(group))) {
        for (int step = 1; step <= 8; step++) {
          float[] one = Arrays.copyOfRange(golden.get("grads"), (step - 1) * 30, step * 30);
          step(backend, optimizer, parameter, one, args.path("lr").asDouble());
          float[] after = golden.get(name + ".after" + step);
          if (after != null) {
            assertThat(Oracle.worst(parameter.value().toFloats(), after)).as("step " + step).isLessThan(1e-6);
          }
        }
      }
    }
  }

  static void step(Backend backend, Optimizer optimizer, Parameter parameter, float[] gradient, double rate) {
    try (Gradients gradients = new Gradients(backend); Scope scope = new Scope(backend)) {
      gradients.add(parameter.value(), scope.floats(gradient, parameter.value().shape()));
      optimizer.step(gradients, rate, 1);
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
