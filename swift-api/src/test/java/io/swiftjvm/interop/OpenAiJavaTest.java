package io.swiftjvm.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionNamedToolChoice;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import com.openai.models.responses.ToolChoiceOptions;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.serve.ModelServer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's own client for Java, unmodified and checking every response against its schema. */
@Timeout(120)
class OpenAiJavaTest {
  private static final String MODEL = "swift-tiny";
  private static final String QUESTION = "What is LoRA?";
  private static Run run;
  private static ModelServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void open() {
    run = Swift.model(MODEL).load();
    server = run.serve(s -> s.port(0).apiKeys("secret"));
    client = client("secret");
  }

  @AfterAll
  static void close() {
    client.close();
    run.close();
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder().baseUrl(server.url() + "/v1").apiKey(key).responseValidation(true)
        .maxRetries(0).build();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder().model(MODEL).addUserMessage(QUESTION);
  }

  @Test
  void a_chat_completion_is_the_answer_of_the_run() {
    ChatCompletion answer = client.chat().completions().create(chat().build());
    String text = answer.choices().getFirst().message().content().orElseThrow();
    assertThat(text).isEqualTo(run.chat(QUESTION).text());
    assertThat(answer.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.STOP);
    assertThat(answer.usage().orElseThrow().completionTokens()).isPositive();
    answer.validate();
  }

  @Test
  void settings_and_log_probabilities_arrive() {
    ChatCompletion answer = client.chat().completions().create(chat().addSystemMessage("Be brief.")
        .temperature(1.5).seed(7).n(2).maxCompletionTokens(5).logprobs(true).topLogprobs(3).stop("zzz").build());
    assertThat(answer.choices()).hasSize(2);
    assertThat(answer.usage().orElseThrow().completionTokens()).isLessThanOrEqualTo(10);
    var first = answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow().getFirst();
    assertThat(first.logprob()).isLessThanOrEqualTo(0);
    assertThat(first.topLogprobs()).hasSize(3);
  }

  @Test
  void a_stream_adds_up_to_the_whole_answer_and_ends_with_its_usage() {
    ChatCompletion whole = client.chat().completions().create(chat().build());
    ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
    ChatCompletionChunk[] last = new ChatCompletionChunk[1];
    try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(
        chat().streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build())) {
      stream.stream().forEach(chunk -> {
        chunk.validate();
        all.accumulate(chunk);
        last[0] = chunk;
      });
    }
    assertThat(all.chatCompletion().choices().getFirst().message().content())
        .isEqualTo(whole.choices().getFirst().message().content());
    assertThat(last[0].usage().orElseThrow().totalTokens()).isEqualTo(whole.usage().orElseThrow().totalTokens());
  }

  @Test
  void a_stream_that_is_closed_early_frees_its_place() throws Exception {
    try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(
        chat().putAdditionalBodyProperty("ignore_eos", com.openai.core.JsonValue.from(true)).build())) {
      assertThat(stream.stream().limit(3).count()).isEqualTo(3);
    }
    while (server.load().get("running") > 0) {
      Thread.sleep(1);
    }
  }

  /** What the tools and formats here ask for; small, so that a tiny model gets to its end. */
  enum City {
    PARIS, ROME
  }

  /** A tool. */
  static class GetWeather {
    public City city;
    public boolean tomorrow;
  }

  /** Another tool. */
  static class GetTime {
    public City city;
  }

  @Test
  void a_required_tool_is_called_with_arguments_of_its_schema_whole_and_streamed() {
    ChatCompletionCreateParams params = chat().addTool(GetWeather.class)
        .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED).parallelToolCalls(false).build();
    ChatCompletion.Choice whole = client.chat().completions().create(params).choices().getFirst();
    assertThat(whole.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    var call = whole.message().toolCalls().orElseThrow().getFirst().asFunction();
    assertThat(call.function().name()).isEqualTo("GetWeather");
    assertThat(call.function().arguments(GetWeather.class).city).isNotNull();
    ChatCompletionAccumulator all = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
      stream.stream().peek(ChatCompletionChunk::validate).forEach(all::accumulate);
    }
    var streamed = all.chatCompletion().choices().getFirst();
    assertThat(streamed.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    assertThat(streamed.message().toolCalls().orElseThrow().getFirst().asFunction().function())
        .isEqualTo(call.function());
    // the round trip: the call and its result go back
    ChatCompletion after = client.chat().completions().create(chat().addTool(GetWeather.class)
        .addMessage(whole.message()).addMessage(ChatCompletionToolMessageParam.builder().toolCallId(call.id())
            .content("sunny").build()).maxCompletionTokens(5).build());
    assertThat(after.choices()).hasSize(1);
  }

  @Test
  void tools_may_be_offered_named_and_called_side_by_side() {
    ChatCompletionCreateParams.Builder two = chat().addTool(GetWeather.class).addTool(GetTime.class);
    assertThat(client.chat().completions().create(two.maxCompletionTokens(20).build()).choices()).hasSize(1);
    var named = client.chat().completions().create(chat().addTool(GetWeather.class).addTool(GetTime.class)
        .toolChoice(ChatCompletionNamedToolChoice.builder()
            .function(ChatCompletionNamedToolChoice.Function.builder().name("GetTime").build()).build()).build());
    assertThat(named.choices().getFirst().message().toolCalls().orElseThrow())
        .allMatch(call -> call.asFunction().function().name().equals("GetTime"));
    var many = client.chat().completions().create(chat().addTool(GetWeather.class).addTool(GetTime.class)
        .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED).parallelToolCalls(true).maxCompletionTokens(300)
        .build());
    var calls = many.choices().getFirst().message().toolCalls().orElseThrow();
    assertThat(calls).isNotEmpty();
    assertThat(calls.stream().map(call -> call.asFunction().id()).distinct()).hasSameSizeAs(calls);
  }

  @Test
  void an_answer_in_a_schema_is_read_into_a_class() {
    var params = chat().responseFormat(GetWeather.class).build();
    GetWeather answer = client.chat().completions().create(params).choices().getFirst().message().content()
        .orElseThrow();
    assertThat(answer.city).isNotNull();
  }

  @Test
  void responses_call_tools_too() {
    var params = ResponseCreateParams.builder().model(MODEL).input(QUESTION).addTool(GetWeather.class)
        .toolChoice(ToolChoiceOptions.REQUIRED).parallelToolCalls(false).build();
    Response whole = client.responses().create(params);
    whole.validate();
    var call = whole.output().stream().filter(item -> item.isFunctionCall()).findFirst().orElseThrow().asFunctionCall();
    assertThat(call.name()).isEqualTo("GetWeather");
    ResponseAccumulator all = ResponseAccumulator.create();
    try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(params)) {
      stream.stream().peek(ResponseStreamEvent::validate).forEach(all::accumulate);
    }
    assertThat(all.response().output().stream().filter(item -> item.isFunctionCall()).findFirst().orElseThrow()
        .asFunctionCall().arguments()).isEqualTo(call.arguments());
  }

  @Test
  void completions_take_texts_and_echo_them() {
    var answer = client.completions().create(
        CompletionCreateParams.builder().model(MODEL).prompt("LoRA trains").echo(true).maxTokens(4).build());
    assertThat(answer.choices().getFirst().text()).startsWith("LoRA trains");
    answer.validate();
  }

  @Test
  void embeddings_are_the_same_as_floats_and_as_base64_and_those_of_the_run() {
    float[] own = run.embed(List.of(QUESTION))[0];
    var params = EmbeddingCreateParams.builder().model(MODEL).inputOfArrayOfStrings(List.of("x", QUESTION));
    for (var format : new EmbeddingCreateParams.EncodingFormat[] {null, EmbeddingCreateParams.EncodingFormat.FLOAT,
        EmbeddingCreateParams.EncodingFormat.BASE64}) {
      var answer = client.embeddings().create(
          format == null ? params.build() : params.encodingFormat(format).build());
      List<Float> vector = answer.data().get(1).embedding();
      assertThat(answer.data().get(1).index()).isEqualTo(1);
      assertThat(vector).hasSize(own.length);
      for (int i = 0; i < own.length; i++) {
        assertThat(vector.get(i)).isCloseTo(own[i], within(1e-5f));
      }
    }
    assertThat(client.embeddings().create(params.dimensions(16).build()).data().getFirst().embedding()).hasSize(16);
  }

  @Test
  void responses_come_whole_and_as_events() {
    ResponseCreateParams params = ResponseCreateParams.builder().model(MODEL).input(QUESTION).build();
    Response whole = client.responses().create(params);
    whole.validate();
    String text = whole.output().getFirst().asMessage().content().getFirst().asOutputText().text();
    assertThat(text).isEqualTo(run.chat(QUESTION).text());
    assertThat(whole.status()).contains(ResponseStatus.COMPLETED);
    ResponseAccumulator all = ResponseAccumulator.create();
    try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(params)) {
      stream.stream().forEach(event -> {
        event.validate();
        all.accumulate(event);
      });
    }
    assertThat(all.response().output().getFirst().asMessage().content().getFirst().asOutputText().text())
        .isEqualTo(text);
    assertThat(all.response().usage()).isEqualTo(whole.usage());
  }

  @Test
  void models_are_listed_and_found() {
    assertThat(client.models().list().data()).extracting(Model::id).containsExactly(MODEL);
    assertThat(client.models().retrieve(MODEL).validate().ownedBy()).isEqualTo("swift");
  }

  @Test
  void errors_are_those_of_the_api() {
    assertThatThrownBy(() -> client.models().retrieve("nothing")).isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> client.chat().completions().create(chat().model("nothing").build()))
        .isInstanceOfSatisfying(NotFoundException.class,
            e -> assertThat(e.code()).contains("model_not_found"));
    assertThatThrownBy(() -> client.chat().completions().create(chat().temperature(7).build()))
        .isInstanceOfSatisfying(BadRequestException.class, e -> {
          assertThat(e.param()).contains("temperature");
          assertThat(e.type()).contains("invalid_request_error");
        });
    assertThatThrownBy(() -> client.chat().completions().create(chat().maxCompletionTokens(100_000).build()))
        .isInstanceOfSatisfying(BadRequestException.class,
            e -> assertThat(e.code()).contains("context_length_exceeded"));
    OpenAIClient stranger = client("wrong");
    assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
    stranger.close();
    try (ModelServer limited = run.serve(s -> s.port(0).rates(r -> r.requestsPerMinute(1)))) {
      OpenAIClient hasty =
          OpenAIOkHttpClient.builder().baseUrl(limited.url() + "/v1").apiKey("x").maxRetries(0).build();
      hasty.chat().completions().create(chat().maxCompletionTokens(1).build());
      assertThatThrownBy(() -> hasty.chat().completions().create(chat().build()))
          .isInstanceOf(RateLimitException.class);
      hasty.close();
    }
  }
}
