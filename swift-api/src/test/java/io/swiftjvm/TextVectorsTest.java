package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.testing.OracleFiles;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextVectorsTest {
  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Test
  void texts_have_vectors_of_length_one_that_do_not_depend_on_each_other() {
    List<String> texts = List.of("What is LoRA?", "What is a LoRA adapter?", "Name a colour.");
    try (Run run = Swift.model("swift-tiny").load()) {
      float[][] together = run.embed(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(together[i]).hasSize(160);
        assertThat(dot(together[i], together[i])).isCloseTo(1, within(1e-5));
        assertThat(run.embed(List.of(texts.get(i)))[0]).usingComparatorWithPrecision(1e-5f).containsExactly(together[i]);
      }
      assertThat(run.embed(texts, Pooling.MEAN, false)[0]).isNotEqualTo(together[0]);
      assertThat(run.embed(List.of())).isEmpty();
      assertThatThrownBy(() -> run.classify(texts)).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("score head");
      assertThatThrownBy(() -> run.embed(List.of("a", ""))).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("Text 1");
    }
  }

  @Test
  void a_classifier_gives_its_outputs_and_writes_no_text() {
    try (Run run = Swift.model(OracleFiles.path("models/qwen3-seqcls").toString()).load()) {
      assertThat(run.classify(List.of("one text", "another"))).hasDimensions(2, 3);
      assertThatThrownBy(() -> run.complete("one")).isInstanceOf(InvalidPlanException.class)
          .hasMessageContaining("classifier");
    }
  }
}
