package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.tuner.method.TunerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers behind the trained tokens of an adapter. */
class TrainedPromptsTest {
  private static final SamplingParams SCORED = SamplingParams.GREEDY.maxTokens(5).ignoreEos(true).logprobs(0);

  @TempDir
  Path temp;

  private static CausalLm model(Backend backend) {
    return CausalLm.load(OracleFiles.path("models/qwen3-untied-sharded"), backend);
  }

  private static int[] prompt() {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("peft/inputs.safetensors"))) {
      TensorEntry ids = file.entry("input_ids");
      return Arrays.stream(ids.longs()).limit(ids.shape()[ids.shape().length - 1]).mapToInt(Math::toIntExact).toArray();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prompt", "ptuning_mlp", "prefix", "prefix_projection"})
  void the_first_token_has_the_score_that_peft_gives_it(String name) {
    try (Backend backend = Devices.cpu(); CausalLm model = model(backend);
        SafetensorsFile golden = SafetensorsFile.open(OracleFiles.path("peft/" + name + "/golden.safetensors"))) {
      TunerFiles.attach(model, OracleFiles.path("peft/" + name), "default", false);
      TensorEntry logits = golden.entry("logits");
      int vocabulary = model.config().vocabSize();
      int last = Math.toIntExact(logits.shape()[1]) - 1;
      float[] row = Arrays.copyOfRange(logits.floats(), last * vocabulary, (last + 1) * vocabulary);
      Completion answer = new Engine(model).generate(GenerateRequest.of(prompt()).sampling(SCORED));
      assertThat(answer.tokens().getFirst()).isEqualTo(Scores.argmax(row));
      assertThat(answer.logprobs().getFirst().logprob())
          .isCloseTo(Scores.max(row) - Scores.logSumExp(row), within(1e-4));
      assertThat(answer.usage().promptTokens()).isEqualTo(prompt().length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"prefix", "xlora"})
  void answers_are_those_of_peft_and_do_not_depend_on_what_runs_beside_them(String name) throws IOException {
    JsonNode golden = StrictJson.readObject(OracleFiles.path("peft/generated/generated.json")).get(name);
    int[] ids = IntStream.range(0, golden.get("prompt").size()).map(i -> golden.get("prompt").get(i).intValue()).toArray();
    List<Integer> expected = IntStream.range(0, 8).mapToObj(i -> golden.get("answer").get(i).intValue()).toList();
    try (Backend backend = Devices.cpu(); CausalLm model = model(backend)) {
      TunerFiles.attach(model, name.equals("xlora") ? mix() : OracleFiles.path("peft/prefix"), "default", false);
      GenerateRequest request = GenerateRequest.of(ids).sampling(SCORED.maxTokens(8));
      Engine engine = new Engine(model);
      Completion answer = engine.generate(request);
      assertThat(answer.tokens()).isEqualTo(expected);
      int[] longer = IntStream.range(0, 90).map(i -> 3 + i * 4).toArray();
      GenerateRequest other = GenerateRequest.of(longer).sampling(SCORED);
      Completion alone = new Engine(model, null, EngineOptions.DEFAULT.prefillTokens(16)).generate(other);
      Completion base = engine.generate(other.adapters(List.of()));
      // Shared prompts, prompts in pieces and other adapters in the same steps change no bit.
      Engine cut = new Engine(model, null, EngineOptions.DEFAULT.prefillTokens(16));
      List<Completion> all = cut.generate(List.of(request, other, other.adapters(List.of()), other, request));
      assertThat(all.get(0).logprobs()).isEqualTo(answer.logprobs());
      assertThat(all.get(1).logprobs()).isEqualTo(alone.logprobs()).isNotEqualTo(base.logprobs());
      assertThat(all.get(3).logprobs()).isEqualTo(alone.logprobs());
      assertThat(all.get(4).logprobs()).isEqualTo(answer.logprobs());
      for (int i = 0; i < 5; i++) {
        assertThat(all.get(2).logprobs().get(i).logprob()).isCloseTo(base.logprobs().get(i).logprob(), within(1e-5));
      }
    }
  }

  /** The X-LoRA of PEFT with the layer of the classifier that PEFT does not save. */
  private Path mix() throws IOException {
    Path golden = OracleFiles.path("peft/xlora");
    Path folder = Files.createDirectories(temp.resolve("xlora"));
    Files.copy(golden.resolve("xlora/adapter_config.json"), folder.resolve("adapter_config.json"));
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(golden.resolve("golden.safetensors"))) {
      file.names().stream().filter(key -> key.startsWith("param.")).forEach(key ->
          writer.add(key.substring("param.".length()), file.entry(key).shape(), file.entry(key).floats()));
    }
    writer.write(folder.resolve("adapter_model.safetensors"));
    for (String adapter : List.of("adapter0", "adapter1")) {
      Path copy = Files.createDirectories(temp.resolve(adapter));
      for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
        Files.copy(golden.resolve(adapter).resolve(file), copy.resolve(file));
      }
    }
    return folder;
  }

  @Test
  void answers_with_and_without_trained_tokens_share_a_batch_and_do_not_mix() {
    try (Backend backend = Devices.cpu(); CausalLm model = model(backend)) {
      int[] ids = IntStream.range(0, 40).map(i -> 3 + i * 7).toArray();
      GenerateRequest plain = GenerateRequest.of(ids).sampling(SCORED).adapters(List.of());
      GenerateRequest trained = plain.adapters(List.of("default"));
      Completion before = new Engine(model).generate(plain);
      TunerFiles.attach(model, OracleFiles.path("peft/prompt"), "default", false);
      Completion alone = new Engine(model).generate(trained);
      Engine engine = new Engine(model);
      List<Completion> both = engine.generate(List.of(trained, plain, trained));
      assertThat(both.get(1).logprobs()).isEqualTo(before.logprobs());
      assertThat(both.get(0).logprobs()).isEqualTo(alone.logprobs()).isNotEqualTo(before.logprobs());
      assertThat(both.get(2).logprobs()).isEqualTo(alone.logprobs());
      TunerFiles.attach(model, OracleFiles.path("peft/prefix"), "keys", false);
      assertThatThrownBy(() -> engine.generate(plain.adapters(List.of("keys", "default"))))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("Use one of them");
      assertThatThrownBy(() -> new TextVectors(engine).embed(List.of(ids), List.of("default"), io.swiftjvm.model.Pooling.LAST))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("trained tokens");
    }
  }
}
