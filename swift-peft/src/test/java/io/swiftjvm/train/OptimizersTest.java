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
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.OptimType;
import io.swiftjvm.train.optimizer.Optimizer;
import io.swiftjvm.train.optimizer.ParamGroup;
import io.swiftjvm.train.optimizer.ParamGroups;
import io.swiftjvm.train.optimizer.RuleOptimizer;
import io.swiftjvm.train.optimizer.rule.AdamW;
import io.swiftjvm.train.optimizer.rule.LazyGap;
import io.swiftjvm.train.optimizer.rule.Muon;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizersTest {
  @TempDir
  Path temp;

  private static final Offset<Double> WITHIN = Offset.offset(1e-6);

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
  void a_parameter_that_learns_later_is_corrected_by_its_own_steps_as_in_torch() {
    OptimSpec spec = OptimSpec.DEFAULT.weightDecay(0);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter first = new Parameter("a", scope.floats(3));
      Parameter later = new Parameter("b", scope.floats(3));
      List<Parameter> all = List.of(first, later);
      all.forEach(p -> backend.fill(p.value(), 0));
      all.forEach(p -> p.trainable(true));
      List<ParamGroup> groups = List.of(new ParamGroup("all", all, 1, 0));
      try (Optimizer a = RuleOptimizer.of(backend, spec, groups); Optimizer b = RuleOptimizer.of(backend, spec, groups)) {
        for (int i = 0; i < 50; i++) {
          step(backend, a, first, new float[] {1, 1, 1}, 0);
        }
        b.state().forEach((name, to) -> backend.copy(a.state().get(name), to));
        b.resumeAt(a.steps());
        step(backend, b, later, new float[] {0.3f, -2, 1}, 0.01);
      }
      assertThat(later.value().toFloats()).usingComparatorWithPrecision(1e-6f).containsExactly(-0.01f, 0.01f, -0.01f);
    }
  }

  @ParameterizedTest
  @EnumSource(OptimType.class)
  void state_of_three_steps_carries_three_more_bit_for_bit(OptimType type) {
    continues(OptimSpec.DEFAULT.type(type));
  }

  @ParameterizedTest
  @ValueSource(strings = {"momentum", "centered"})
  void state_behind_a_setting_is_carried_too(String setting) {
    continues(OptimSpec.DEFAULT.type("rmsprop").args(Map.of(setting, setting.equals("momentum") ? 0.9 : 1.0)));
  }

  @Test
  void the_vectors_and_the_gap_of_q_galore_are_carried_too() {
    continues(OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(8).updateGap(2)));
    continues(OptimSpec.DEFAULT.galore(GaLoreSpec.DEFAULT.rank(8).updateGap(1).quantized(true).packed(true)
        .lazy(new LazyGap(0, 2, 1))));
  }

  /** 70 x 60 values: more than the 8-bit form leaves in float32. */
  private static void continues(OptimSpec spec) {
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      float[] start = new float[4200];
      Random random = new Random(1);
      for (int i = 0; i < start.length; i++) {
        start[i] = (float) random.nextGaussian();
      }
      Parameter whole = new Parameter("mlp.weight", scope.floats(start, 70, 60));
      Parameter half = new Parameter("mlp.weight", scope.floats(start, 70, 60));
      whole.trainable(true);
      half.trainable(true);
      try (Optimizer a = RuleOptimizer.of(backend, spec, List.of(new ParamGroup("all", List.of(whole), 1, 0.1)));
          Optimizer b = RuleOptimizer.of(backend, spec, List.of(new ParamGroup("all", List.of(half), 1, 0.1)));
          Optimizer c = RuleOptimizer.of(backend, spec, List.of(new ParamGroup("all", List.of(half), 1, 0.1)))) {
        for (int step = 1; step <= 6; step++) {
          float[] gradient = new float[start.length];
          for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) random.nextGaussian();
          }
          step(backend, a, whole, gradient, 0.01);
          step(backend, step <= 3 ? b : c, half, gradient, 0.01);
          if (step == 3) {
            c.state().forEach((name, to) -> backend.copy(b.state().get(name), to));
            c.resumeAt(b.steps());
          }
        }
      }
      assertThat(half.value().toFloats()).isEqualTo(whole.value().toFloats()).isNotEqualTo(start);
    }
  }

  @Test
  void lion_rprop_and_asgd_follow_their_papers() {
    // b1 m + (1-b1) g is 0.9 * 0.1 + 0.1 * 3, or 0.9 * 0.1 - 0.1 * 3: m is 0.05 * 2.
    double shrunk = (1 * 0.99 - 0.1) * 0.99;
    assertThat(two("lion", 0.1)).containsExactly(new double[] {shrunk - 0.1, shrunk + 0.1}, WITHIN);
    // The sign holds: the step grows. It turns: the step is left out.
    assertThat(two("rprop", 0)).containsExactly(new double[] {1 - 0.1 - 0.12, 1 - 0.1}, WITHIN);
    double first = 1 - 0.1 * 1e-4 - 0.1 * 2;
    double eta = 0.1 / Math.pow(1 + 1e-4 * 0.1, 0.75);
    double kept = first * (1 - 1e-4 * eta);
    assertThat(two("asgd", 0)).containsExactly(new double[] {kept - eta * 3, kept + eta * 3}, WITHIN);
  }

  /** Two values of 1 after gradients 2 and 3, and 2 and -3, at rate 0.1. */
  private static double[] two(String type, double decay) {
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter parameter = new Parameter("p", scope.floats(new float[] {1, 1}, 2));
      parameter.trainable(true);
      try (Optimizer optimizer = RuleOptimizer.of(
          backend, OptimSpec.DEFAULT.type(type), List.of(new ParamGroup("all", List.of(parameter), 1, decay)))) {
        step(backend, optimizer, parameter, new float[] {2, 2}, 0.1);
        step(backend, optimizer, parameter, new float[] {3, -3}, 0.1);
      }
      float[] values = parameter.value().toFloats();
      return new double[] {values[0], values[1]};
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"adamw_8bit", "muon", "adafactor", "nadam"})
  void a_checkpoint_of_any_optimizer_continues_bit_for_bit(String type) {
    fromCheckpoint(o -> o.type(type).learningRate(1e-4));
  }

  @Test
  void a_checkpoint_of_q_galore_continues_bit_for_bit() {
    fromCheckpoint(o -> o.galore(GaLoreSpec.DEFAULT.rank(4).updateGap(1).quantized(true).packed(true)));
  }

  private void fromCheckpoint(UnaryOperator<OptimSpec> change) {
    TrainSpec spec = TinyRun.SPEC.optim(change);
    Path out = temp.resolve("out");
    TinyRun.full(spec.checkpoint(c -> c.outputDir(out).saveSteps(2)), 4, temp.resolve("whole"), job -> job);
    TinyRun.full(
        spec.checkpoint(c -> c.resumeFrom(out.resolve("checkpoint-2"))), 4, temp.resolve("rest"), job -> job);
    assertThat(temp.resolve("rest/model.safetensors")).hasSameBinaryContentAs(temp.resolve("whole/model.safetensors"));
  }

  @Test
  void byte_moments_move_nearly_as_float_ones() {
    Random random = new Random(2);
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      Parameter exact = new Parameter("mlp.weight", scope.floats(new float[8192], 64, 128));
      Parameter packed = new Parameter("mlp.weight", scope.floats(new float[8192], 64, 128));
      exact.trainable(true);
      packed.trainable(true);
      OptimSpec bytes = OptimSpec.DEFAULT.type("adamw_8bit");
      ParamGroup one = new ParamGroup("exact", List.of(exact), 1, 0);
      ParamGroup other = new ParamGroup("packed", List.of(packed), 1, 0);
      try (Optimizer a = RuleOptimizer.of(backend, OptimSpec.DEFAULT, List.of(one));
          Optimizer b = RuleOptimizer.of(backend, bytes, List.of(other))) {
        for (int step = 0; step < 10; step++) {
          float[] gradient = new float[8192];
          for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (float) (1 + 0.3 * random.nextGaussian());
          }
          step(backend, a, exact, gradient, 0.01);
          step(backend, b, packed, gradient, 0.01);
        }
      }
      assertThat(Oracle.worst(packed.value().toFloats(), exact.value().toFloats())).isBetween(1e-6, 0.005);
    }
  }

  @Test
  void an_unknown_name_is_refused_with_those_that_there_are() {
    assertThatThrownBy(() -> OptimSpec.DEFAULT.type("adam2")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("adam2").hasMessageContaining("adamw_torch, ").hasMessageContaining("muon");
    assertThatThrownBy(() -> OptimSpec.DEFAULT.type("sgd").args(Map.of("rho", 0.5)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("rho").hasMessageContaining("momentum");
    assertThatThrownBy(() -> OptimSpec.DEFAULT.type("sgd").args(Map.of("momentum", 1.5)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("0 .. below 1");
  }

  @Test
  void muon_moves_vectors_and_embeddings_by_adamw() {
    OptimSpec muon = OptimSpec.DEFAULT.type("muon");
    try (Backend backend = Devices.cpu(); Scope scope = new Scope(backend)) {
      assertThat(muon.rule(new Parameter("model.layers.0.mlp.up_proj.weight", scope.floats(4, 4))))
          .isInstanceOf(Muon.class);
      assertThat(muon.rule(new Parameter("lm_head.weight", scope.floats(4, 4)))).isInstanceOf(AdamW.class);
      assertThat(muon.rule(new Parameter("model.norm.weight", scope.floats(4)))).isInstanceOf(AdamW.class);
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
