package io.swiftjvm.serve;

import io.swiftjvm.error.SwiftException;
import io.swiftjvm.error.TemplateException;
import io.swiftjvm.text.RenderOptions;
import io.swiftjvm.text.SafeChat;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** From texts and conversations to token ids. What a message says never becomes a control token. */
final class PromptEncoder {
  /** Texts up to here are always encoded; longer ones only if they could fit the context. */
  private static final int FREE_CHARS = 1 << 16;
  /** Normalisers that shrink a text make a token cover more chars than its entry has. */
  private static final long SLACK = 4;

  private final ServedModel served;
  private final Tokenizer tokenizer;
  private final SafeChat safe;
  private final long charsPerToken;

  PromptEncoder(ServedModel served) {
    this.served = served;
    this.tokenizer = served.tokenizer();
    this.safe = new SafeChat(tokenizer);
    charsPerToken = IntStream.range(0, tokenizer.vocabSize()).map(this::length).max().orElse(1);
  }

  private int length(int id) {
    try {
      return tokenizer.token(id).length();
    } catch (RuntimeException e) {
      return 0; // ids of a vocabulary may have gaps
    }
  }

  /** Refuses a text that cannot fit without reading it token by token. */
  private void checkLength(long chars, int limit, String param) {
    if (chars > FREE_CHARS && chars / (charsPerToken * SLACK) > limit) {
      throw ApiException.tooLong(param, "This model's maximum context length is " + limit + " tokens; the prompt of "
          + chars + " characters has more. Shorten it.");
    }
  }

  int[] text(String text, boolean addSpecialTokens, int limit, String param) {
    checkLength(text.length(), limit, param);
    return tokenizer.encode(text, addSpecialTokens);
  }

  /** A text that shall become a vector, as the model was taught to read one. */
  int[] single(String text, boolean addSpecialTokens, int limit, String param) {
    TextForm form = served.texts();
    if (form == null) {
      return text(text, addSpecialTokens, limit, param);
    }
    checkLength(text.length(), limit, param);
    return read(() -> form.single(text), param);
  }

  /** Two texts as a cross-encoder reads them. */
  int[] pair(String first, String second, int limit, String param) {
    checkLength((long) first.length() + second.length(), limit, param);
    TextForm form = served.texts();
    return form == null ? tokenizer.encodePair(first, second, true) : read(() -> form.pair(first, second), param);
  }

  private static int[] read(Supplier<int[]> tokens, String param) {
    try {
      return tokens.get();
    } catch (SwiftException e) {
      throw ApiException.invalid(param, "The model cannot read a text of " + param + ": "
          + Text.brief(String.valueOf(e.getMessage())));
    }
  }

  /** The last {@code most} ids, -1 = as many as fit; null leaves them all. */
  static int[] last(int[] ids, @Nullable Integer most, int limit) {
    int kept = most == null ? ids.length : most < 0 ? limit : most;
    return ids.length <= kept ? ids : Arrays.copyOfRange(ids, ids.length - kept, ids.length);
  }

  /** A conversation through the model's chat template. */
  int[] chat(List<Map<String, Object>> messages, RenderOptions options, int limit) {
    if (served.template() == null) {
      throw ApiException.invalid("messages", "This model has no chat template; use /v1/completions.");
    }
    List<Map<String, Object>> all = new ArrayList<>(messages);
    String system = served.system();
    if (system != null && !"system".equals(messages.getFirst().get("role"))) {
      all.addFirst(Map.of("role", "system", "content", system));
    }
    checkLength(
        all.stream().mapToLong(m -> String.valueOf(m.get("content")).length()).sum(), limit, "messages");
    try {
      return safe.encode(served.template(), all, options);
    } catch (TemplateException e) {
      throw ApiException.invalid("messages", "The model's chat template refuses this conversation: "
          + Text.brief(String.valueOf(e.getMessage())));
    }
  }
}
