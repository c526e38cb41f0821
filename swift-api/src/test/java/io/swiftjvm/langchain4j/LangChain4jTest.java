package io.swiftjvm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatModelStreamingEvent;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LangChain4jTest {
  private static final String QUESTION = "What is LoRA?";
  private static Run run;

  @BeforeAll
  static void open() {
    run = Swift.model("swift-tiny").load();
  }

  @AfterAll
  static void close() {
    run.close();
  }

  private static ChatRequest ask(ChatRequestParameters parameters) {
    return ChatRequest.builder().messages(UserMessage.from(QUESTION)).parameters(parameters).build();
  }

  @Test
  void a_chat_model_says_what_the_run_says_and_fills_in_all_facts() throws Exception {
    SwiftChatModel model = new SwiftChatModel(run.api());
    ChatResponse answer = model.chat(UserMessage.from(QUESTION));
    assertThat(answer.aiMessage().text()).isEqualTo(run.chat(QUESTION).text()).isEqualTo(model.chat(QUESTION));
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(answer.modelName()).isEqualTo("swift-tiny");
    assertThat(answer.tokenUsage().outputTokenCount()).isEqualTo(run.chat(QUESTION).usage().completionTokens());
    assertThat(model.chatAsync(QUESTION).get(30, TimeUnit.SECONDS)).isEqualTo(answer.aiMessage().text());
    assertThat(model.chat(SystemMessage.from("Be brief."), UserMessage.from("Hi"), AiMessage.from("Hello"),
        UserMessage.from(QUESTION)).aiMessage().text()).isNotBlank();
  }

  @Test
  void parameters_are_kept_and_what_cannot_be_is_refused() {
    SwiftChatModel model = new SwiftChatModel(run.api());
    ChatResponse cut = model.chat(ask(ChatRequestParameters.builder().maxOutputTokens(3).temperature(0.0).build()));
    assertThat(cut.tokenUsage().outputTokenCount()).isEqualTo(3);
    assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(model.defaults(ChatRequestParameters.builder().stopSequences("small").build()).chat(QUESTION))
        .isEqualTo("LoRA trains two ");
    assertThatThrownBy(() -> model.chat(ask(ChatRequestParameters.builder().modelName("other").build())))
        .isInstanceOf(ModelNotFoundException.class);
    assertThatThrownBy(() -> model.chat(ask(ChatRequestParameters.builder().temperature(9.0).build())))
        .isInstanceOf(InvalidRequestException.class).hasMessageContaining("temperature");
    assertThatThrownBy(() -> model.chat(UserMessage.from(ImageContent.from("http://localhost/x.png"))))
        .isInstanceOf(UnsupportedFeatureException.class);
  }

  @Test
  void a_future_that_is_cancelled_ends_its_answer() throws Exception {
    try (Run own = Swift.model("swift-tiny").with("max_new_tokens", 1000).load()) {
      SwiftChatModel model = new SwiftChatModel(own.api());
      List<CompletableFuture<ChatResponse>> futures = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        futures.add(model.chatAsync(UserMessage.from("Say a a a a " + i)));
      }
      futures.forEach(f -> f.cancel(true));
      assertThatThrownBy(() -> futures.getFirst().get()).isInstanceOf(CancellationException.class);
    }
  }

  /** Keeps what a handler is told. */
  private static final class Told implements StreamingChatResponseHandler {
    private final List<String> pieces = new CopyOnWriteArrayList<>();
    private final List<CompleteToolCall> calls = new CopyOnWriteArrayList<>();
    private final CompletableFuture<ChatResponse> done = new CompletableFuture<>();
    private final int most;

    Told(int most) {
      this.most = most;
    }

    @Override
    public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
      pieces.add(part.text());
      if (pieces.size() == most) {
        context.streamingHandle().cancel();
        done.cancel(false);
      }
    }

    @Override
    public void onCompleteToolCall(CompleteToolCall call) {
      calls.add(call);
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      done.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      done.completeExceptionally(error);
    }
  }

  @Test
  void a_handler_is_told_pieces_that_add_up_and_may_stop() throws Exception {
    SwiftStreamingChatModel model = new SwiftStreamingChatModel(run.api());
    Told told = new Told(-1);
    model.chat(QUESTION, told);
    ChatResponse answer = told.done.get(30, TimeUnit.SECONDS);
    assertThat(String.join("", told.pieces)).isEqualTo(answer.aiMessage().text())
        .isEqualTo(run.chat(QUESTION).text());
    assertThat(told.pieces.size()).isGreaterThan(1);
    assertThat(answer.tokenUsage().totalTokenCount()).isPositive();
    Told stopped = new Told(2);
    model.chat(QUESTION, stopped);
    assertThatThrownBy(() -> stopped.done.get(30, TimeUnit.SECONDS)).isInstanceOf(CancellationException.class);
    Told wrong = new Told(-1);
    model.chat(ask(ChatRequestParameters.builder().temperature(9.0).build()), wrong);
    assertThatThrownBy(() -> wrong.done.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(InvalidRequestException.class);
    assertThat(stopped.pieces).hasSize(2);
  }

  @Test
  void a_publisher_gives_as_much_as_is_asked_for() throws Exception {
    SwiftStreamingChatModel model = new SwiftStreamingChatModel(run.api());
    List<ChatModelStreamingEvent> events = new CopyOnWriteArrayList<>();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    model.chat(ask(ChatRequestParameters.builder().build())).subscribe(new Flow.Subscriber<>() {
      private Flow.Subscription subscription;

      @Override
      public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(1);
      }

      @Override
      public void onNext(ChatModelStreamingEvent event) {
        events.add(event);
        subscription.request(1);
      }

      @Override
      public void onError(Throwable error) {
        done.completeExceptionally(error);
      }

      @Override
      public void onComplete() {
        done.complete(true);
      }
    });
    assertThat(done.get(30, TimeUnit.SECONDS)).isTrue();
    StringBuilder text = new StringBuilder();
    events.stream().filter(PartialResponse.class::isInstance).forEach(e -> text.append(((PartialResponse) e).text()));
    assertThat(text.toString()).isEqualTo(run.chat(QUESTION).text());
    assertThat(events.getLast()).isInstanceOf(CompleteResponse.class);
  }

  @Test
  void tools_are_called_and_schemas_kept_whole_and_streamed() throws Exception {
    JsonObjectSchema schema = JsonObjectSchema.builder().addEnumProperty("city", List.of("Paris", "Rome"))
        .required("city").additionalProperties(false).build();
    ChatRequest tool = ask(ChatRequestParameters.builder().toolChoice(ToolChoice.REQUIRED)
        .toolSpecifications(ToolSpecification.builder().name("weather").parameters(schema).build()).build());
    SwiftChatModel model = new SwiftChatModel(run.api());
    ChatResponse answer = model.chat(tool);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
    ToolExecutionRequest call = answer.aiMessage().toolExecutionRequests().getFirst();
    assertThat(call.name()).isEqualTo("weather");
    assertThat(call.arguments()).containsPattern("Paris|Rome");
    assertThat(model.chat(UserMessage.from(QUESTION), answer.aiMessage(),
        ToolExecutionResultMessage.from(call, "sunny")).aiMessage()).isNotNull();
    Told told = new Told(-1);
    new SwiftStreamingChatModel(run.api()).chat(tool, told);
    assertThat(told.done.get(30, TimeUnit.SECONDS).aiMessage().toolExecutionRequests().getFirst().arguments())
        .isEqualTo(call.arguments());
    assertThat(told.calls).hasSize(answer.aiMessage().toolExecutionRequests().size());
    ChatResponse formed = model.chat(ask(ChatRequestParameters.builder().responseFormat(ResponseFormat.builder()
        .type(ResponseFormatType.JSON).jsonSchema(JsonSchema.builder().name("place").rootElement(schema).build())
        .build()).build()));
    assertThat(formed.aiMessage().text()).containsPattern("^\\{\\s*\"city\":\\s*\"(Paris|Rome)\"");
  }

  @Test
  void vectors_scores_and_counts_are_those_of_the_model() {
    SwiftEmbeddingModel vectors = new SwiftEmbeddingModel(run.api());
    assertThat(vectors.embed(QUESTION).content().vector()).usingComparatorWithPrecision(1e-6f)
        .containsExactly(run.embed(List.of(QUESTION))[0]);
    assertThat(vectors.dimension()).isEqualTo(160);
    SwiftScoringModel scores = new SwiftScoringModel(run.api());
    List<Double> both = scores.scoreAll(
        List.of(TextSegment.from(QUESTION), TextSegment.from("Name a colour.")), QUESTION).content();
    assertThat(both.get(0)).isGreaterThan(0.9999).isGreaterThan(both.get(1));
    SwiftTokenCountEstimator counts = new SwiftTokenCountEstimator(run.api());
    assertThat(counts.estimateTokenCountInText(QUESTION)).isEqualTo(4);
    List<ChatMessage> two = List.of(UserMessage.from(QUESTION), AiMessage.from("Two matrices."));
    assertThat(counts.estimateTokenCountInMessages(two))
        .isGreaterThan(counts.estimateTokenCountInMessage(two.get(0)));
    assertThat(counts.estimateTokenCountInMessages(List.of())).isZero();
  }
}
