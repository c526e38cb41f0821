package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.ModelShapes;
import io.swiftjvm.model.family.Families;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.AdapterOracle;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.CheckpointSpec;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.ModelExport;
import io.swiftjvm.tuner.Seeds;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters of every method and variant that start here. */
class FreshTunersTest {
  private static final LoraTargets SOME = LoraTargets.of("q_proj", "v_proj", "down_proj");
  private static final long[] IDS = {5, 17, 300, 9, 42, 8, 211, 77};

  @TempDir
  Path temp;

  /** Methods whose start leaves the model as it is. */
  static Stream<TunerSpec> neutral() {
    return Stream.of(LohaSpec.DEFAULT, LokrSpec.DEFAULT, new LokrSpec(2, 4, true, 4, SOME), VeraSpec.DEFAULT,
        new FourierFtSpec(40, 300, 777, SOME), new MissSpec(7, MissSpec.Kind.PLAIN, 1, 0, SOME),
        new MissSpec(7, MissSpec.Kind.MINI, 4, 0, SOME), new MissSpec(8, MissSpec.Kind.BAT, 1, 0, SOME),
        AdaLoraSpec.DEFAULT, DeloraSpec.DEFAULT,
        new GraloraSpec(4, 8, 2, 3, 0, SOME), new ShiraSpec(2, 1, SOME), Ia3Spec.DEFAULT, new HraSpec(4, false, SOME),
        new RoadSpec(1, 8, SOME), new RoadSpec(2, 8, SOME), new RoadSpec(4, 8, SOME),
        new OftSpec(8, 0, false, 0, SOME), new OftSpec(0, 5, false, 5, SOME), new OftSpec(7, 0, true, 4, SOME),
        new BoftSpec(4, 0, 1, 0, SOME), new BoftSpec(2, 0, 3, 0.25, SOME), new BoftSpec(0, 8, 2, 0.5, SOME),
        new RandLoraSpec(8, 64, 0, SOME), new DoraSpec(LoraSpec.DEFAULT.rank(4).dropout(0.1).targets(SOME)),
        LnTuningSpec.DEFAULT, new TrainableTokensSpec(List.of(5, 17, 300), LoraTargets.of("embed_tokens")));
  }

  static Stream<TunerSpec> all() {
    return Stream.concat(neutral(), Stream.of(
        new VbLoraSpec(2, 20, 8, 2, 0, SOME), new C3aSpec(8, SOME), new HraSpec(3, false, SOME),
        new HraSpec(3, true, SOME), AdapterSpec.DEFAULT.length(12), AdapterSpec.DEFAULT.length(5).activation("tanh"),
        ReftSpec.DEFAULT, ReftSpec.DEFAULT.kind(ReftSpec.Kind.NOREFT).rank(2),
        ReftSpec.DEFAULT.kind(ReftSpec.Kind.CONSREFT).layers(List.of(1)), ReftSpec.DEFAULT.kind(ReftSpec.Kind.LOBIREFT),
        ReftSpec.DEFAULT.kind(ReftSpec.Kind.DIREFT), ReftSpec.DEFAULT.kind(ReftSpec.Kind.NODIREFT),
        new PromptTuningSpec(3), new PTuningSpec(3, 12), new PrefixTuningSpec(3, 0), new PrefixTuningSpec(3, 12)));
  }

  static Stream<TunerSpec> projections() {
    return all().filter(spec -> spec instanceof ProjectionSpec && spec.unmergeable() == null);
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_training_continues_bit_for_bit_and_returns_its_memory(TunerSpec spec) {
    train(spec, 4, temp.resolve("whole"), checkpoint -> checkpoint);
    train(spec, 4, temp.resolve("half"), checkpoint -> checkpoint.outputDir(temp.resolve("out")).saveSteps(2));
    train(spec, 4, temp.resolve("rest"), checkpoint -> checkpoint.resumeFrom(temp.resolve("out/checkpoint-2")));
    assertThat(temp.resolve("rest").resolve(AdapterFiles.WEIGHTS))
        .hasSameBinaryContentAs(temp.resolve("whole").resolve(AdapterFiles.WEIGHTS));
  }

  private static void train(TunerSpec spec, int steps, Path save, UnaryOperator<CheckpointSpec> checkpoint) {
    try (CpuBackend backend = new CpuBackend(2); CausalLm model = load(backend, "qwen3")) {
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      TrainedWeights weights = TrainedWeights.of(adapter, "base");
      long before = backend.bytesInUse();
      TrainSpec settings = TrainSpec.DEFAULT.optim(o -> o.learningRate(1e-3)).checkpoint(checkpoint);
      BatchSource data = BatchSource.cycle(List.of(Oracle.micro("qwen3").subList(0, 2)), steps, "fixtures");
      TrainJob.of(weights, settings, data).run();
      assertThat(backend.bytesInUse()).isEqualTo(before);
      weights.save(save);
    }
  }

  private static float[] logits(CausalLm model, List<String> adapters) {
    return Oracle.logits(model, adapters, IDS);
  }

  private static CausalLm load(Backend backend, String name) {
    return CausalLm.load(Oracle.path("models/" + name), backend);
  }

  /** Moves every value away from its start. */
  private static void shake(TunerAdapter adapter) {
    Seeds random = Seeds.of(3, adapter.spec().type());
    for (Parameter parameter : adapter.parameters()) {
      float[] values = parameter.value().toFloats();
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (0.1 * random.normal());
      }
      adapter.model().backend().upload(MemorySegment.ofArray(values), parameter.value());
    }
    adapter.updated();
  }

  @ParameterizedTest
  @MethodSource("neutral")
  void a_fresh_adapter_leaves_the_answers_as_they_are(TunerSpec spec) {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen2")) {
      float[] before = logits(model, List.of());
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      assertThat(Oracle.worst(logits(model, List.of("default")), before)).isLessThan(2e-5);
      assertThat(adapter.size()).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void what_is_trained_is_known_from_the_shapes_of_the_model_alone(TunerSpec spec) {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen2")) {
      ModelShapes shapes = ModelShapes.of(model.config(), Families.of(model.source()).names(model.source()));
      assertThat(spec.trained(shapes).values().stream().mapToLong(ModelShapes::values).sum())
          .isEqualTo(new TunerTransform("default", spec, 1).attach(model).size());
    }
  }

  @ParameterizedTest
  @MethodSource("projections")
  void the_merged_weights_answer_as_the_adapter_does_with_biases_too(TunerSpec spec) {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen2")) {
      float[] before = logits(model, List.of());
      shake(new TunerTransform("default", spec, 1).attach(model));
      float[] active = logits(model, List.of("default"));
      assertThat(Oracle.worst(active, before)).isGreaterThan(1e-2);
      assertThat(Oracle.worst(logits(model, List.of()), before)).isZero();
      Path folder = ModelExport.merge(model, List.of("default"), temp.resolve("merged"), DType.F32, false);
      try (CausalLm merged = CausalLm.load(folder, backend)) {
        assertThat(Oracle.worst(logits(merged, List.of()), active)).isLessThan(1e-4);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void gradients_are_those_of_the_loss(TunerSpec spec) {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen3-untied-sharded")) {
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      shake(adapter);
      Map<String, float[]> gradients = AdapterOracle.gradients(TrainedWeights.of(adapter, "base"));
      double square = gradients.values().stream().mapToDouble(FreshTunersTest::squares).sum();
      double norm = Math.sqrt(square);
      double step = 3e-3;
      double up = moved(adapter, gradients, step / norm);
      double down = moved(adapter, gradients, -2 * step / norm);
      // DoRA takes the norm of the weight for a constant, which it is not.
      double tolerance = spec instanceof DoraSpec ? 0.5 : 0.02;
      assertThat((up - down) / (2 * step)).isCloseTo(norm, within(tolerance * norm));
    }
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return sum;
  }

  /** The loss after a step along the gradient. */
  private static double moved(TunerAdapter adapter, Map<String, float[]> gradients, double by) {
    Backend backend = adapter.model().backend();
    for (Parameter parameter : adapter.parameters()) {
      float[] values = parameter.value().toFloats();
      float[] gradient = gradients.getOrDefault(parameter.name(), values);
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (by * gradient[i]);
      }
      backend.upload(MemorySegment.ofArray(values), parameter.value());
    }
    adapter.updated();
    try (Scope scope = new Scope(backend)) {
      Batch batch = TrainedWeights.widened(adapter, AdapterOracle.batch());
      Pass pass = adapter.pass(
          Pass.of(new Ops(backend, null, scope), AttentionContext.packed(batch.cuSeqlens())), batch.ids(),
          batch.positions(), batch.cuSeqlens());
      CausalLmObjective sft = CausalLmObjective.SFT;
      double loss = sft.loss(adapter.model(), pass, batch, sft.units(batch)).value();
      var penalty = adapter.penalty(pass.ops());
      return penalty == null ? loss : loss + penalty.get(0);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void a_training_lowers_the_loss_and_what_it_saves_can_be_read(TunerSpec spec) {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen3")) {
      TunerAdapter adapter = new TunerTransform("default", spec, 1).attach(model);
      TrainedWeights weights = TrainedWeights.of(adapter, "base");
      TrainSpec settings = TrainSpec.DEFAULT.optim(o -> o.learningRate(5e-3)).gradientCheckpointing(true);
      List<Double> losses = new ArrayList<>();
      TrainJob.of(weights, settings, BatchSource.cycle(List.of(Oracle.micro("qwen3")), 6, "fixtures"))
          .listener(event -> {
            if (event instanceof TrainEvent.StepEnd end) {
              losses.add(end.loss());
            }
          }).run();
      assertThat(losses.getLast()).isLessThan(losses.getFirst());
      weights.save(temp.resolve("saved"));
      float[] active = AdapterOracle.logits(adapter);
      adapter.detach();
      TunerAdapter again = TunerFiles.attach(model, temp.resolve("saved"), "default", true);
      assertThat(Oracle.worst(AdapterOracle.logits(again), active)).isZero();
      TunerFiles.load(again, temp.resolve("saved"));
      assertThat(PeftTunersTest.retargeted(TunerFiles.readSpec(temp.resolve("saved")), spec)).isEqualTo(spec);
    }
  }

  @Test
  void adapters_of_several_methods_share_a_model_and_the_pass_chooses() {
    try (Backend backend = Devices.cpu(); CausalLm model = load(backend, "qwen2")) {
      float[] before = logits(model, List.of());
      TunerAdapter loha = new TunerTransform("loha", LohaSpec.DEFAULT, 1).attach(model);
      TunerAdapter oft = new TunerTransform("oft", new OftSpec(8, 0, false, 0, SOME), 1).attach(model);
      shake(loha);
      shake(oft);
      float[] one = logits(model, List.of("loha"));
      float[] both = logits(model, List.of("loha", "oft"));
      assertThat(Oracle.worst(one, both)).isGreaterThan(1e-3);
      loha.detach();
      assertThat(Oracle.worst(logits(model, List.of("loha")), before)).isZero();
      assertThat(Oracle.worst(logits(model, List.of("oft")), before)).isGreaterThan(1e-3);
      oft.detach();
      assertThat(Oracle.worst(logits(model, List.of("oft")), before)).isZero();
    }
  }
}
