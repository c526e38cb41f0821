package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** How an API shows what is made as chat completions; one for each request, since it may count what it has shown. */
interface View {
  /** Shows them as they are. */
  View PLAIN = new View() {
    @Override
    public ObjectNode whole(ObjectNode completion) {
      return completion;
    }

    @Override
    public List<ObjectNode> events(ObjectNode chunk) {
      return List.of(chunk);
    }

    @Override
    public ObjectNode error(ApiException error) {
      return error.body();
    }

    @Override
    public boolean named() {
      return false;
    }
  };

  /** A complete response. */
  ObjectNode whole(ObjectNode completion);

  /** What a client is told about one chunk of a stream. */
  List<ObjectNode> events(ObjectNode chunk);

  /** How a stream tells that it failed. */
  ObjectNode error(ApiException error);

  /** True if each event of a stream is called what its field {@code type} says. */
  boolean named();
}
