package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.GenerationConfig;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SamplingParamsTest {
  private static GenerationConfig model(boolean sample) {
    return new GenerationConfig(Optional.of(sample), OptionalDouble.of(0.6), OptionalInt.of(20),
        OptionalDouble.of(0.95), OptionalDouble.empty(), OptionalDouble.of(1.05), OptionalInt.of(77), List.of());
  }

  @Test
  void what_is_not_set_is_the_models() {
    SamplingParams p = SamplingParams.DEFAULT.topK(5).resolve(model(true));
    assertThat(p).isEqualTo(SamplingParams.DEFAULT.maxTokens(77).temperature(0.6).topK(5).topP(0.95).minP(0.0)
        .repetitionPenalty(1.05));
  }

  @Test
  void a_model_that_does_not_sample_decodes_greedily_unless_a_temperature_is_given() {
    assertThat(SamplingParams.DEFAULT.resolve(model(false)).greedy()).isTrue();
    assertThat(SamplingParams.DEFAULT.resolve(GenerationConfig.EMPTY).greedy()).isTrue();
    assertThat(SamplingParams.DEFAULT.temperature(0.5).resolve(model(false)).temperature()).isEqualTo(0.5);
    assertThat(SamplingParams.GREEDY.resolve(model(true)).greedy()).isTrue();
  }

  static Stream<Runnable> illegal() {
    SamplingParams p = SamplingParams.DEFAULT;
    return Stream.of(
        () -> p.maxTokens(0), () -> p.temperature(-0.1), () -> p.temperature(Double.NaN), () -> p.topK(-1),
        () -> p.topP(0.0), () -> p.topP(1.1), () -> p.minP(-0.1), () -> p.repetitionPenalty(0.0),
        () -> p.presencePenalty(2.5), () -> p.frequencyPenalty(Double.NEGATIVE_INFINITY), () -> p.noRepeatNgram(-1),
        () -> p.maxTokens(3).minTokens(4), () -> p.logprobs(21), () -> p.stop(List.of("")),
        () -> p.stop(List.of("x".repeat(257))), () -> p.stop(Collections.nCopies(17, "x")),
        () -> p.stopTokenIds(List.of(-1)));
  }

  @ParameterizedTest
  @MethodSource("illegal")
  void values_out_of_range_are_refused(Runnable change) {
    assertThatThrownBy(change::run).isInstanceOf(InvalidPlanException.class).hasMessageContaining("it must be");
  }
}
