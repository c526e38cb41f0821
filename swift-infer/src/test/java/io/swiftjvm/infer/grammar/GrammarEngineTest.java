package io.swiftjvm.infer.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.infer.Completion;
import io.swiftjvm.infer.Engine;
import io.swiftjvm.infer.FinishReason;
import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models with random weights keep to a grammar, whatever they would rather say. */
class GrammarEngineTest {
  /** By hand: {@code -Dgrammar.draws=50} draws over a thousand answers of each model. */
  private static final int DRAWS = Integer.getInteger("grammar.draws", 2);

  private static final JsonMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();
  private static final SamplingParams HOT =
      SamplingParams.DEFAULT.temperature(1.5).topK(0).topP(1.0).minP(0.0).maxTokens(180);

  private interface Work {
    void on(Engine engine, Tokenizer tokenizer);
  }

  private static void with(String name, Work work) {
    Path folder = OracleFiles.path("models/" + name);
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend);
        Tokenizer tokenizer = HuggingFaceTokenizers.load(folder)) {
      work.on(new Engine(model, tokenizer), tokenizer);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "llama3", "mistral-sliding"})
  void every_answer_that_comes_to_an_end_is_valid(String name) {
    with(name, (engine, tokenizer) -> {
      List<String> schemas = JsonSchemaTest.schemas();
      List<GenerateRequest> requests = new ArrayList<>();
      for (int i = 0; i < DRAWS * schemas.size(); i++) {
        requests.add(GenerateRequest.of(tokenizer.encode("Answer:", true)).sampling(HOT.seed((long) i))
            .json(schemas.get(i % schemas.size()).replace('\'', '"')));
      }
      int finished = 0;
      List<Completion> answers = engine.generate(requests);
      for (int i = 0; i < answers.size(); i++) {
        if (answers.get(i).finishReason() == FinishReason.STOP) {
          finished++;
          check(schemas.get(i % schemas.size()).replace('\'', '"'), answers.get(i).text());
        }
      }
      assertThat(finished).as("finished of " + answers.size()).isGreaterThan(answers.size() / 3);
    });
  }

  private static void check(String schema, String text) {
    try {
      assertThat(new Validator(JSON.readTree(schema)).valid(JSON.readTree(text))).as(schema + ": " + text).isTrue();
    } catch (JsonProcessingException e) {
      throw new AssertionError(schema + ": " + text, e);
    }
  }

  @Test
  void an_answer_ends_only_where_the_grammar_may() {
    with("qwen3", (engine, tokenizer) -> {
      GenerateRequest request = GenerateRequest.of(tokenizer.encode("Answer:", true)).sampling(HOT);
      Completion cut = engine.generate(request.sampling(HOT.maxTokens(3)).regex("[0-9]{40}"));
      assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
      Completion whole = engine.generate(request.regex("[0-9]{40}"));
      assertThat(whole.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(whole.text()).matches("[0-9]{40}");
      // end tokens are passed over, and the least number of tokens is more than the grammar has
      Completion endless = engine.generate(request.sampling(HOT.ignoreEos(true).minTokens(99)).choice("yes", "no"));
      assertThat(endless.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(endless.text()).isIn("yes", "no");
      // a token that shall end the answer may not stand for a digit
      int digit = tokenizer.encodePlain("7")[0];
      Completion stopped = engine.generate(
          request.sampling(HOT.stopTokenIds(List.of(digit))).regex("[0-9]{20}"));
      assertThat(stopped.text()).matches("[0-9]{20}");
    });
  }

  @Test
  void a_special_token_comes_where_a_grammar_has_it_and_nowhere_else() {
    with("qwen3", (engine, tokenizer) -> {
      int mark = tokenizer.id("<|im_start|>").getAsInt();
      Grammar form = Grammar.sequence(Grammar.regex("[a-z]{3}"), Grammar.special("<|im_start|>"),
          Grammar.regex("[^0-9]{2,40}"), Grammar.regex("[0-9]{2}"));
      Completion done = engine.generate(
          GenerateRequest.of(tokenizer.encode("Answer:", true)).sampling(HOT.seed(3L)).grammar(form));
      assertThat(done.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(done.tokens().stream().filter(id -> id == mark)).hasSize(1);
      assertThat(done.tokens().stream().filter(tokenizer.special().all()::contains)).hasSize(1);
      assertThat(done.text()).matches("[a-z]{3}[^0-9]{2,40}[0-9]{2}");
    });
  }

  @Test
  void a_grammar_that_cannot_be_is_refused_before_anything_runs() {
    with("qwen3", (engine, tokenizer) -> {
      GenerateRequest request = GenerateRequest.of(1, 2);
      assertThatThrownBy(() -> engine.generate(request.regex("(a"))).isInstanceOf(InvalidPlanException.class);
      assertThatThrownBy(() -> new Engine(engine.model()).generate(request.choice("a")))
          .isInstanceOf(InvalidPlanException.class).hasMessageContaining("tokenizer");
    });
  }
}
