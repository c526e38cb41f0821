package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ChatTest {
  private static String render(List<Map<String, Object>> messages) {
    return messages.stream().map(m -> m.get("role") + ":" + m.get("content") + "\n").collect(Collectors.joining())
        + "assistant:";
  }

  @Test
  void a_turn_answers_the_whole_history_and_joins_it() {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      ByteTokenizer tokenizer = new ByteTokenizer(g.model.config().vocabSize(), 3);
      Engine engine = new Engine(g.model, tokenizer);
      SamplingParams params = SamplingParams.DEFAULT.temperature(1.0).seed(4L).maxTokens(9).ignoreEos(true);
      Chat chat = new Chat(engine, tokenizer, ChatTest::render).system("s").sampling(params);
      StringBuilder shown = new StringBuilder();
      Reply first = chat.say("hello", shown::append);
      assertThat(shown.toString()).isEqualTo(first.text());
      assertThat(first.finishReason()).isEqualTo(FinishReason.LENGTH);
      Reply second = chat.say("and?");
      String prompt = "system:s\nuser:hello\nassistant:" + first.text() + "\nuser:and?\nassistant:";
      Completion expected =
          engine.generate(GenerateRequest.of(tokenizer.encode(prompt, false)).sampling(params));
      assertThat(second).isEqualTo(new Reply(expected.text(), expected.finishReason(), expected.usage()));
      assertThat(chat.messages()).hasSize(5).last().isEqualTo(Map.of("role", "assistant", "content", second.text()));
    }
  }

  @Test
  void a_turn_that_fails_leaves_no_trace() {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      ByteTokenizer tokenizer = new ByteTokenizer(g.model.config().vocabSize(), 3);
      Chat chat = new Chat(new Engine(g.model, tokenizer), tokenizer, ChatTest::render).adapters(List.of("none"));
      assertThatThrownBy(() -> chat.say("hello")).isInstanceOf(InvalidPlanException.class);
      assertThat(chat.messages()).isEmpty();
    }
  }
}
