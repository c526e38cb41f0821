package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.TestDevices;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.FullTransform;
import io.swiftjvm.tuner.LoraAdapter;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import io.swiftjvm.tuner.ModelExport;
import io.swiftjvm.tuner.method.DoraSpec;
import io.swiftjvm.tuner.method.TunerAdapter;
import io.swiftjvm.tuner.method.TunerFiles;
import io.swiftjvm.tuner.method.TunerTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Twenty steps against torch and PEFT: losses, norms, rates, gradients, weights, logits. */
class TrainingCurvesTest {
  @TempDir
  Path temp;

  static Stream<Arguments> runs() {
    Stream<String> cpu = Stream.of("qwen3/lora", "qwen3/rslora", "qwen3/loraplus", "qwen3/lora_ga4_cosine_clip",
        "qwen3/full", "qwen3/full_hf_groups", "qwen3/full_ga4_cosine_clip", "qwen3/dora", "llama3/lora", "llama3/full",
        "llama3/lora_ga4_cosine_clip");
    List<String> all = cpu.toList();
    return Stream.concat(
        TestDevices.fast().flatMap(device -> all.stream().map(run -> Arguments.of(device, run))),
        TestDevices.slow().stream().map(device -> Arguments.of(device, "qwen3/lora")));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void twenty_steps_follow_the_reference(String device, String run) {
    JsonNode golden = Oracle.json("training/" + run + "/golden.json");
    Map<String, float[]> tensors = Oracle.tensors(Oracle.path("training/" + run + "/golden.safetensors"));
    try (Backend backend = TestDevices.open(device);
        CausalLm model = CausalLm.load(Oracle.path(golden.path("base").asText()), backend)) {
      TrainedWeights weights = weights(model, run, golden);
      BatchSource data = data(run, golden, 20);
      checkGradients(0, weights, golden, data, tensors);
      List<TrainEvent.StepEnd> steps = new ArrayList<>();
      TrainJob.of(weights, spec(golden), data).listener(event -> {
        if (event instanceof TrainEvent.StepEnd end) {
          steps.add(end);
        }
      }).run();
      double[] loss = Oracle.doubles(golden.path("loss"));
      double[] norm = Oracle.doubles(golden.path("grad_norm"));
      double[] rate = Oracle.doubles(golden.path("lr"));
      assertThat(steps).hasSize(20);
      for (int i = 0; i < 20; i++) {
        String at = run + " step " + (i + 1);
        assertThat(steps.get(i).loss()).as(at + " loss").isCloseTo(loss[i], within(1e-5 * loss[i]));
        assertThat(steps.get(i).gradNorm()).as(at + " norm").isCloseTo(norm[i], within(1e-4 * norm[i]));
        assertThat(steps.get(i).learningRate()).as(at + " rate").isCloseTo(rate[i], within(1e-12));
      }
      checkWeights(run, weights, golden, tensors);
      checkLogits(run, weights, tensors);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3/lora", "qwen3/full", "llama3/lora_ga4_cosine_clip"})
  void gradients_of_the_second_step_follow_too(String run) {
    JsonNode golden = Oracle.json("training/" + run + "/golden.json");
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path(golden.path("base").asText()), backend)) {
      TrainedWeights weights = weights(model, run, golden);
      CancellationToken stop = new CancellationToken();
      BatchSource data = data(run, golden, 20);
      TrainJob job = TrainJob.of(weights, spec(golden), data).cancellation(stop).listener(event -> {
        if (event instanceof TrainEvent.StepEnd) {
          stop.cancel();
        }
      });
      assertThat(job.run().steps()).isEqualTo(1);
      checkGradients(1, weights, golden, data,
          Oracle.tensors(Oracle.path("training/" + run + "/golden.safetensors")));
    }
  }

  private static TrainedWeights weights(CausalLm model, String run, JsonNode golden) {
    JsonNode lora = golden.path("lora");
    if (!lora.isObject()) {
      new FullTransform().apply(model);
      return TrainedWeights.of(model);
    }
    LoraSpec spec = LoraSpec.DEFAULT.rank(lora.path("r").intValue()).alpha(lora.path("lora_alpha").doubleValue())
        .dropout(0).rsLora(lora.path("use_rslora").booleanValue());
    if (golden.has("loraplus")) {
      spec = spec.loraPlusRatio(golden.path("loraplus").path("ratio").doubleValue());
    }
    if (lora.path("use_dora").booleanValue()) {
      TunerAdapter adapter = new TunerTransform("default", new DoraSpec(spec), 1).attach(model);
      TunerFiles.load(adapter, Oracle.path("training/" + run + "/init"));
      return TrainedWeights.of(adapter, "base");
    }
    LoraAdapter adapter = new LoraTransform(spec, 1).attach(model);
    AdapterFiles.load(adapter, Oracle.path("training/" + run.substring(0, run.indexOf('/')) + "/lora/init"));
    return TrainedWeights.of(adapter, "base");
  }

  private static TrainSpec spec(JsonNode golden) {
    JsonNode optimizer = golden.path("optimizer");
    boolean scheduled = golden.path("accumulate").intValue() > 1;
    return TrainSpec.DEFAULT
        .optim(o -> o.learningRate(optimizer.path("lr").doubleValue()).betas(0.9, 0.999)
            .weightDecay(optimizer.path("weight_decay").doubleValue())
            .decayAll(!golden.path("kind").asText().equals("full_hf_groups"))
            .maxGradNorm(golden.path("clip").asDouble(0)))
        .schedule(s -> s.type(scheduled ? "cosine" : "constant").warmupSteps(golden.path("warmup").intValue()));
  }

  private static BatchSource data(String run, JsonNode golden, int steps) {
    List<Batch> micro = Oracle.micro(run.substring(0, run.indexOf('/')));
    return BatchSource.cycle(
        List.of(golden.path("accumulate").intValue() > 1 ? micro : micro.subList(0, 1)), steps, run);
  }

  private static void checkGradients(
      int step, TrainedWeights weights, JsonNode golden, BatchSource data, Map<String, float[]> tensors) {
    int seen = 0;
    try (StepRunner runner = new StepRunner(TrainJob.of(weights, spec(golden), data))) {
      runner.accumulate(step, data.step(step));
      for (Parameter parameter : weights.parameters()) {
        String prefix = "grad.step" + step + "." + (weights.full() ? "" : "base_model.model.");
        float[] wanted = tensors.get(prefix + parameter.name());
        if (wanted != null) {
          Tensor gradient = runner.gradients().get(parameter.value());
          assertThat(gradient).as(parameter.name()).isNotNull();
          assertThat(Oracle.worst(gradient.toFloats(), wanted)).as(parameter.name())
              .isLessThanOrEqualTo(2e-5 * Oracle.largest(wanted) + 1e-9);
          seen++;
        }
      }
    }
    assertThat(seen).isGreaterThan(4);
  }

  private void checkWeights(String run, TrainedWeights weights, JsonNode golden, Map<String, float[]> tensors) {
    if (weights.full()) {
      for (Parameter parameter : weights.parameters()) {
        float[] values = parameter.value().toFloats();
        float[] wanted = tensors.get("final." + parameter.name());
        if (wanted != null) {
          assertThat(Oracle.worst(values, wanted)).as(parameter.name()).isLessThan(5e-5);
        }
        double norm = Math.sqrt(sumSquares(values));
        double golden2 = golden.path("final_param_norms").path(parameter.name()).doubleValue();
        assertThat(norm).as(parameter.name()).isCloseTo(golden2, within(1e-5 * golden2));
      }
      return;
    }
    Path saved = temp.resolve("adapter");
    weights.save(saved);
    Map<String, float[]> ours = Oracle.tensors(saved.resolve(AdapterFiles.WEIGHTS));
    Map<String, float[]> wanted =
        Oracle.tensors(Oracle.path("training/" + run + "/final/adapter_model.safetensors"));
    assertThat(ours.keySet()).isEqualTo(wanted.keySet());
    wanted.forEach((name, values) ->
        assertThat(Oracle.worst(ours.get(name), values)).as(name).isLessThan(5e-5));
  }

  private static double sumSquares(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return sum;
  }

  private void checkLogits(String run, TrainedWeights weights, Map<String, float[]> tensors) {
    CausalLm model = weights.model();
    long[] probe = Oracle.longs(Oracle.path("training/" + run + "/golden.safetensors"), "probe.input_ids");
    assertThat(Oracle.worst(last4(Oracle.logits(model, weights.adapters(), probe), probe.length),
        tensors.get("probe.logits_final_last4"))).isLessThan(1e-3);
    if (weights.full()) {
      return;
    }
    float[] active = Oracle.logits(model, weights.adapters(), probe);
    assertThat(Oracle.worst(last4(Oracle.logits(model, List.of(), probe), probe.length),
        tensors.get("probe.logits_base_last4"))).as("the base is untouched").isLessThan(5e-5);
    Path folder = ModelExport.merge(model, weights.adapters(), temp.resolve("merged"), DType.F32, false);
    Map<String, float[]> merged = Oracle.tensors(folder.resolve("model.safetensors"));
    tensors.forEach((name, wanted) -> {
      if (name.startsWith("merged.")) {
        assertThat(Oracle.worst(merged.get(name.substring("merged.".length())), wanted)).as(name).isLessThan(5e-5);
      }
    });
    assertThat(Files.exists(folder.resolve("tokenizer.json"))).isEqualTo(
        Files.exists(model.directory().resolve("tokenizer.json")));
    try (CausalLm plain = CausalLm.load(folder, model.backend())) {
      float[] logits = Oracle.logits(plain, List.of(), probe);
      assertThat(Oracle.worst(logits, active)).as("merged against unmerged").isLessThan(5e-5);
      assertThat(Oracle.worst(last4(logits, probe.length), tensors.get("probe.logits_merged_last4"))).isLessThan(1e-3);
    }
  }

  private static float[] last4(float[] logits, int rows) {
    int vocab = logits.length / rows;
    return Arrays.copyOfRange(logits, (rows - 4) * vocab, logits.length);
  }
}
