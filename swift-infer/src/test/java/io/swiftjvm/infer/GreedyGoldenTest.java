package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.testing.TestDevices;
import io.swiftjvm.train.CancellationToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Token-exact against cached generation of transformers. */
class GreedyGoldenTest {
  private static final SamplingParams GREEDY = SamplingParams.GREEDY.repetitionPenalty(1.0).ignoreEos(true);

  private static List<List<Integer>> run(GoldenModel g, EngineOptions options, List<int[]> prompts, SamplingParams p) {
    return new Engine(g.model, null, options)
        .generate(prompts.stream().map(ids -> GenerateRequest.of(ids).sampling(p)).toList(), StreamListener.NONE,
            new CancellationToken())
        .stream().map(Completion::tokens).toList();
  }

  static Stream<Arguments> models() {
    List<String> models = List.of("qwen3", "qwen3-untied-sharded", "qwen3-bf16", "qwen2", "llama3", "mistral-sliding",
        "gemma2", "gemma3", "glm4", "gpt-oss", "qwen3-moe", "deepseek-v3", "qwen3-next", "qwen3.5");
    return TestDevices.fast().flatMap(device -> models.stream().map(model -> Arguments.of(device, model)));
  }

  static Stream<Arguments> slowModels() {
    return TestDevices.slow().stream().flatMap(
        device -> models().map(of -> of.get()[1]).distinct().map(model -> Arguments.of(device, model)));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("io.swiftjvm.testing.TestDevices#slow")
  void greedy_tokens_on_slow_devices(String device) {
    for (String name : List.of("qwen3", "gemma2")) {
      with(device, name, List.of(EngineOptions.DEFAULT));
    }
  }

  @Tag("heavy")
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("slowModels")
  void greedy_tokens_of_all_models_on_slow_devices(String device, String name) {
    with(device, name, List.of(EngineOptions.DEFAULT));
  }

  @ParameterizedTest
  @MethodSource("models")
  void greedy_tokens_are_those_of_transformers(String device, String name) {
    with(device, name, List.of(
        EngineOptions.DEFAULT, EngineOptions.DEFAULT.maxSequences(2), EngineOptions.DEFAULT.prefillTokens(4)));
  }

  private static void with(String device, String name, List<EngineOptions> all) {
    try (GoldenModel g = new GoldenModel(device, name)) {
      for (String kase : List.of("greedy", "greedy_batch")) {
        List<List<Integer>> expected = g.rows(kase + ".tokens").stream().map(GoldenModel::list).toList();
        SamplingParams params = GREEDY.maxTokens(expected.getFirst().size());
        for (EngineOptions options : all) {
          assertThat(run(g, options, g.rows(kase + ".input_ids"), params)).as(kase + " " + options).isEqualTo(expected);
        }
      }
    }
  }

  static Stream<Path> families() throws IOException {
    try (Stream<Path> folders = Files.list(OracleFiles.path("families"))) {
      return folders.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void greedy_tokens_of_every_family_are_those_of_transformers(Path folder) throws IOException {
    JsonNode json = new ObjectMapper().readTree(folder.resolve("golden.json").toFile());
    int[] prompt = json.get("rows").get(1).valueStream().mapToInt(JsonNode::intValue).toArray();
    List<Integer> expected = json.get("greedy").valueStream().map(JsonNode::intValue).toList();
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend)) {
      for (EngineOptions options : List.of(EngineOptions.DEFAULT, EngineOptions.DEFAULT.prefillTokens(4))) {
        GenerateRequest request = GenerateRequest.of(prompt).sampling(GREEDY.maxTokens(expected.size()));
        List<Completion> answers = new Engine(model, null, options)
            .generate(List.of(request, request), StreamListener.NONE, new CancellationToken());
        assertThat(answers).extracting(Completion::tokens).containsOnly(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"repetition_penalty_1.3", "no_repeat_ngram_2"})
  void penalised_greedy_tokens_are_those_of_transformers(String kase) {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      SamplingParams params = (kase.startsWith("rep") ? GREEDY.repetitionPenalty(1.3) : GREEDY.noRepeatNgram(2))
          .maxTokens(g.rows(kase + ".tokens").getFirst().length);
      assertThat(run(g, EngineOptions.DEFAULT, g.rows(kase + ".input_ids"), params))
          .isEqualTo(g.rows(kase + ".tokens").stream().map(GoldenModel::list).toList());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "mistral-sliding"})
  void an_answer_does_not_depend_on_its_neighbours(String name) {
    try (GoldenModel g = new GoldenModel(name)) {
      List<int[]> prompts = new ArrayList<>();
      Stream.of("greedy.input_ids", "greedy_batch.input_ids").forEach(t -> prompts.addAll(g.rows(t)));
      for (SamplingParams params : List.of(GREEDY.maxTokens(24), SamplingParams.DEFAULT.temperature(1.0).topK(0)
          .topP(1.0).seed(7L).maxTokens(24).ignoreEos(true))) {
        List<List<Integer>> together = run(g, EngineOptions.DEFAULT, prompts, params);
        for (int i = 0; i < prompts.size(); i++) {
          assertThat(run(g, EngineOptions.DEFAULT, List.of(prompts.get(i)), params)).containsExactly(together.get(i));
        }
      }
    }
  }
}
