package io.swiftjvm.model;

import static io.swiftjvm.model.Golden.maxAbs;
import static io.swiftjvm.model.Golden.maxDifference;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Linear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.nn.Recompute;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CausalLmTest {
  @TempDir Path folder;

  /** A dense projection with a low-rank update, as a tuner would make it. */
  private record Adapted(Linear inner, Parameter a, Parameter b) implements Linear {
    @Override
    public Tensor forward(Pass pass, Tensor x) {
      return pass.ops().addLowRank(inner.forward(pass, x), x, a.value(), b.value(), .5f);
    }

    @Override
    public long inFeatures() {
      return inner.inFeatures();
    }

    @Override
    public long outFeatures() {
      return inner.outFeatures();
    }

    @Override
    public List<Parameter> parameters() {
      return Stream.concat(inner.parameters().stream(), Stream.of(a, b)).toList();
    }

    @Override
    public DenseLinear base() {
      return inner.base();
    }
  }

  private static float[] random(int n, long seed) {
    Random random = new Random(seed);
    float[] v = new float[n];
    for (int i = 0; i < n; i++) {
      v[i] = (float) random.nextGaussian() * .3f;
    }
    return v;
  }

  private static Adapted adapt(CausalLm model, String path, long seed) {
    Linear inner = model.linears().get(path);
    int in = (int) inner.inFeatures();
    int out = (int) inner.outFeatures();
    Parameter a = new Parameter(path + ".a", model.scope().floats(random(2 * in, seed), 2, in));
    Parameter b = new Parameter(path + ".b", model.scope().floats(random(2 * out, seed + 1), out, 2));
    a.trainable(true);
    b.trainable(true);
    Adapted adapted = new Adapted(inner, a, b);
    model.replaceLinear(path, old -> adapted);
    return adapted;
  }

  @Test
  void adapters_on_projections_and_on_the_head_learn_and_agree_with_finite_differences() {
    TinyCheckpoint.of("qwen3").set("tie_word_embeddings", true).write(folder);
    FlatRows rows = FlatRows.of(3, 1, 4, 1, 5, 9);
    int[] labels = {1, 4, -100, 5, 9, -100};
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend)) {
      Adapted low = adapt(model, "model.layers.0.self_attn.q_proj", 1);
      Adapted head = adapt(model, "lm_head", 5);
      ModelRuns.Learnt learnt = ModelRuns.learn(model, rows, labels, 4, Recompute.NONE);
      assertThat(learnt.gradients()).containsOnlyKeys(
          low.a().name(), low.b().name(), head.a().name(), head.b().name());
      for (Recompute recompute : Recompute.values()) {
        Map<String, float[]> recomputed = ModelRuns.learn(model, rows, labels, 4, recompute).gradients();
        learnt.gradients().forEach((name, gradient) -> assertThat(recomputed.get(name)).as(name).isEqualTo(gradient));
      }
      for (Parameter p : List.of(low.a(), low.b(), head.a(), head.b())) {
        float[] gradient = learnt.gradients().get(p.name());
        for (int i = 0; i < gradient.length; i += 3) {
          double up = nudged(model, p, i, 1e-2f, rows, labels);
          double down = nudged(model, p, i, -1e-2f, rows, labels);
          assertThat((double) gradient[i]).as("%s[%s]", p.name(), i)
              .isCloseTo((up - down) / 2e-2, within(2e-3 * Math.max(1, maxAbs(gradient))));
        }
      }
    }
  }

  private static double nudged(CausalLm model, Parameter p, int i, float by, FlatRows rows, int[] labels) {
    var memory = p.value().segment();
    float before = p.value().get(i);
    memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, before + by);
    double loss = ModelRuns.learn(model, rows, labels, 4, Recompute.NONE).loss();
    memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, before);
    return loss;
  }

  private ModelRuns.Learnt wide(int threads, Recompute recompute) {
    int n = 400;
    int[] ids = new Random(4).ints(n, 0, 700).toArray();
    int[] positions = new int[n];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      positions[i] = i < 150 ? i : i - 150;
      labels[i] = i % 3 == 0 || i == 149 || i == n - 1 ? -100 : ids[i + 1];
    }
    FlatRows rows = new FlatRows(ids, positions, new int[] {0, 150, n}, new int[n]);
    try (Backend backend = Devices.cpu(threads); CausalLm model = CausalLm.load(folder, backend)) {
      model.trainFull();
      return ModelRuns.learn(model, rows, labels, n, recompute);
    }
  }

  @Test
  void a_pass_large_enough_for_two_threads_has_the_same_bits_with_one_and_when_recomputed() {
    TinyCheckpoint.of("qwen3").set("vocab_size", 700).set("hidden_size", 96).set("intermediate_size", 160)
        .set("num_attention_heads", 6).set("num_key_value_heads", 2).set("head_dim", 16)
        .set("max_position_embeddings", 512).set("tie_word_embeddings", true).write(folder);
    ModelRuns.Learnt one = wide(1, Recompute.NONE);
    ModelRuns.Learnt two = wide(2, Recompute.NONE);
    ModelRuns.Learnt recomputed = wide(2, Recompute.FULL);
    ModelRuns.Learnt thrifty = wide(2, Recompute.SELECTIVE);
    assertThat(two.loss()).isEqualTo(one.loss());
    one.gradients().forEach((name, gradient) -> {
      assertThat(two.gradients().get(name)).as(name).isEqualTo(gradient);
      assertThat(recomputed.gradients().get(name)).as(name).isEqualTo(gradient);
      assertThat(thrifty.gradients().get(name)).as(name).isEqualTo(gradient);
    });
  }

  @Test
  void recomputing_holds_less_memory() {
    TinyCheckpoint.of("llama").set("num_hidden_layers", 12).write(folder);
    assertThat(peak(Recompute.SELECTIVE)).isLessThan(peak(Recompute.NONE));
    assertThat(peak(Recompute.FULL)).isLessThan(peak(Recompute.SELECTIVE) / 2);
  }

  private long peak(Recompute recompute) {
    try (var backend = new CpuBackend(1); CausalLm model = CausalLm.load(folder, backend)) {
      model.linears().keySet().stream().filter(path -> path.contains("layers")).forEach(path -> adapt(model, path, 3));
      int n = 64;
      int[] ids = new Random(4).ints(n, 0, 32).toArray();
      ModelRuns.learn(model, FlatRows.of(ids), ids, n, recompute);
      return backend.peakBytes();
    }
  }

  @Test
  void all_biases_take_part() {
    TinyCheckpoint.of("llama").set("attention_bias", true).set("mlp_bias", true).write(folder);
    FlatRows rows = FlatRows.of(1, 2, 3, 4);
    try (Backend backend = Devices.cpu(1); CausalLm model = CausalLm.load(folder, backend)) {
      model.trainFull();
      ModelRuns.Learnt learnt = ModelRuns.learn(model, rows, new int[] {2, 3, 4, -100}, 3, Recompute.NONE);
      assertThat(learnt.gradients().keySet().stream().filter(name -> name.endsWith(".bias"))).hasSize(14);
      learnt.gradients().forEach((name, g) -> assertThat(maxAbs(g)).as(name).isPositive());
      float[][] before = ModelRuns.logits(model, rows);
      Parameter bias = model.parameters().stream().filter(p -> p.name().endsWith("1.mlp.down_proj.bias")).findFirst()
          .orElseThrow();
      backend.fill(bias.value(), 3);
      assertThat(maxDifference(before[3], ModelRuns.logits(model, rows)[3])).isGreaterThan(1e-3);
    }
  }
}
