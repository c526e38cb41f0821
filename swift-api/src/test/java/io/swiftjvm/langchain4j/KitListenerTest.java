package io.swiftjvm.langchain4j;

import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** LangChain4j's own tests of what listeners are told. */
class KitListenerTest {
  private static final Run RUN = Swift.model("swift-tiny").load();
  private static final String NAME = "swift-tiny";

  @AfterAll
  static void close() {
    RUN.close();
  }

  private static ChatRequestParameters parameters(String model, Double temperature, Double topP, Integer tokens) {
    return ChatRequestParameters.builder().modelName(model).temperature(temperature).topP(topP).maxOutputTokens(tokens)
        .build();
  }

  @Nested
  class Whole extends AbstractChatModelListenerIT {
    @Override
    protected ChatModel createModel(ChatModelListener listener) {
      return new SwiftChatModel(RUN.api()).listeners(List.of(listener))
          .defaults(parameters(NAME, temperature(), topP(), maxTokens()));
    }

    @Override
    protected String modelName() {
      return NAME;
    }

    @Override
    protected boolean supportsTools() {
      return false;
    }

    @Override
    protected ChatModel createFailingModel(ChatModelListener listener) {
      return new SwiftChatModel(RUN.api()).listeners(List.of(listener)).defaults(parameters("none", null, null, null));
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return ModelNotFoundException.class;
    }
  }

  @Nested
  class Streamed extends AbstractStreamingChatModelListenerIT {
    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
      return new SwiftStreamingChatModel(RUN.api()).listeners(List.of(listener))
          .defaults(parameters(NAME, temperature(), topP(), maxTokens()));
    }

    @Override
    protected String modelName() {
      return NAME;
    }

    @Override
    protected boolean supportsTools() {
      return false;
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
      return new SwiftStreamingChatModel(RUN.api()).listeners(List.of(listener))
          .defaults(parameters("none", null, null, null));
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return ModelNotFoundException.class;
    }
  }
}
