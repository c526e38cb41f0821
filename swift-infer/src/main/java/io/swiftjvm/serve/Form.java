package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the choices of an endpoint look; one for each request, since it may count what it has shown. */
interface Form {
  /** {@code object} of a whole response. */
  String object();

  /** {@code object} of an event. */
  String chunkObject();

  /** One whole choice. */
  ObjectNode choice(int index, String text, List<TokenLogprob> logprobs, String reason);

  /** What a choice of a stream begins with; null where it begins with its text. */
  @Nullable ObjectNode opening(int index);

  /**
   * More of a choice; null where nothing of it can be shown yet.
   *
   * @param reason null unless it is complete
   */
  @Nullable ObjectNode delta(int index, String text, List<TokenLogprob> logprobs, @Nullable String reason);
}
