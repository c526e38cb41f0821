package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;

/** {@code POST /tokenize} and {@code POST /detokenize}. */
final class TokenizeEndpoints {
  /** Longest context whose texts are tokenised whatever the model's own is, so that counting shows what is too long. */
  private static final int LEAST_LIMIT = 1 << 16;

  private final Service service;
  private final Conversation conversation;

  TokenizeEndpoints(Service service) {
    this.service = service;
    this.conversation = new Conversation(service.json(), service.options().sizes());
  }

  void tokenize(Call call) throws IOException {
    Fields f = call.fields();
    service.names().optional(f);
    if (f.has("prompt") == f.has("messages")) {
      throw ApiException.invalid("prompt", "Either prompt or messages must be given.");
    }
    int limit = Math.max(LEAST_LIMIT, service.names().maxLength());
    int[] ids = f.has("messages")
        ? service.prompts().chat(conversation.read(f), ChatEndpoint.rendering(service, f), limit)
        : service.prompts().text(f.requiredText("prompt"), f.flag("add_special_tokens", true), limit, "prompt");
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.put("count", ids.length).put("max_model_len", service.names().maxLength());
    ArrayNode tokens = out.putArray("tokens");
    for (int id : ids) {
      tokens.add(id);
    }
    if (f.flag("return_token_strs", false)) {
      ArrayNode texts = out.putArray("token_strs");
      for (int id : ids) {
        texts.add(service.served().tokenizer().token(id));
      }
    }
    call.json(service.json().bytes(out));
  }

  void detokenize(Call call) throws IOException {
    Fields f = call.fields();
    service.names().optional(f);
    List<JsonNode> nodes = f.list("tokens", Integer.MAX_VALUE);
    if (nodes == null) {
      throw ApiException.invalid("tokens", "tokens is missing.");
    }
    int[] ids = TokenIds.array(TokenIds.read(nodes, service.vocabulary(), "tokens"));
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    call.json(service.json().bytes(out.put("prompt", CompletionsEndpoint.decode(service, ids))));
  }
}
