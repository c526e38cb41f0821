package io.swiftjvm.langchain4j;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import io.swiftjvm.serve.LocalApi;
import java.util.List;
import java.util.Set;

/** What both kinds of chat models answer alike. */
abstract class LocalModel {
  final LocalApi api;
  private final ChatRequestParameters defaults;
  private final List<ChatModelListener> listeners;

  LocalModel(LocalApi api, ChatRequestParameters defaults, List<ChatModelListener> listeners) {
    this.api = api;
    this.defaults = defaults;
    this.listeners = List.copyOf(listeners);
  }

  static ChatRequestParameters named(LocalApi api) {
    return ChatRequestParameters.builder().modelName(api.models().getFirst()).build();
  }

  ObjectNode body(ChatRequest request) {
    return Requests.chat(request, api.models().getFirst());
  }

  /** Parameters of requests that have none of their own. */
  public ChatRequestParameters defaultRequestParameters() {
    return defaults;
  }

  /** Who is told of requests and answers. */
  public List<ChatModelListener> listeners() {
    return listeners;
  }

  /** None that LangChain4j knows. */
  public ModelProvider provider() {
    return ModelProvider.OTHER;
  }

  /** Answers keep to JSON schemas. */
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }
}
