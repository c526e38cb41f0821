package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** How an API shows what is made as chat completions; one for each request, since it may count what it has shown. */
interface View {
  /** Shows them as they are. */
  View PLAIN = completion -> completion;

  /** A complete response. */
  ObjectNode whole(ObjectNode completion);

  /** What a client is told about one chunk of a stream: the chunk. */
  default List<ObjectNode> events(ObjectNode chunk) {
    return List.of(chunk);
  }

  /** How a stream tells that it failed: by OpenAI's error object. */
  default ObjectNode error(ApiException error) {
    return error.body();
  }

  /** True if each event of a stream is called what its field {@code type} says. */
  default boolean named() {
    return false;
  }
}
