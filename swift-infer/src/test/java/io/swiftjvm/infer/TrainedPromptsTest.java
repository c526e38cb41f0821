package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.tuner.method.TunerFiles;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers behind the trained tokens of an adapter. */
class TrainedPromptsTest {
  private static final SamplingParams SCORED = SamplingParams.GREEDY.maxTokens(5).ignoreEos(true).logprobs(0);

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
  @ValueSource(strings = {"prompt", "ptuning_mlp"})
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
      assertThatThrownBy(() -> engine.generate(plain.adapters(List.of("keys")))).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("PREFIX_TUNING");
      assertThatThrownBy(() -> new TextVectors(engine).embed(List.of(ids), List.of("default"), io.swiftjvm.model.Pooling.LAST))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("trained tokens");
    }
  }
}
