package io.swiftjvm.text;

import io.swiftjvm.error.TemplateException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the end of the last message in a rendering: a mark is written into it and looked for afterwards. */
final class FinalMessage {
  private static final String MARK = "SWIFT_CONTINUES_HERE ";

  private FinalMessage() {}

  /** The messages with the mark at the end of the last content. */
  static List<Map<String, Object>> marked(List<? extends Map<String, ?>> messages) {
    if (messages.isEmpty()) {
      throw new TemplateException("Cannot continue the final message: there are no messages.");
    }
    List<Map<String, Object>> copy = new ArrayList<>();
    messages.forEach(message -> copy.add(new HashMap<>(message)));
    Map<String, Object> last = copy.getLast();
    last.put("content", marked(last.get("content")));
    return copy;
  }

  private static Object marked(@Nullable Object content) {
    if (content instanceof CharSequence text) {
      return text + MARK;
    }
    if (content instanceof List<?> parts) {
      List<@Nullable Object> copy = new ArrayList<>(parts);
      for (int i = copy.size() - 1; i >= 0; i--) {
        if (copy.get(i) instanceof Map<?, ?> part && part.get("text") instanceof CharSequence text) {
          Map<Object, Object> changed = new HashMap<>(part);
          changed.put("text", text + MARK);
          copy.set(i, changed);
          return copy;
        }
      }
    }
    throw new TemplateException("Cannot continue the final message: it has no text as content.");
  }

  /** The rendering up to the mark. Where the template trimmed the content, the space before the mark goes too. */
  static Rendered cut(Rendered rendered) {
    String text = rendered.text();
    int at = text.lastIndexOf(MARK.strip());
    if (at < 0) {
      throw new TemplateException("Cannot continue the final message: the template does not write its content. Give "
          + "a last message that the template writes, or do not ask to continue it.");
    }
    boolean keepsSpace = text.startsWith(MARK, at);
    String kept = keepsSpace ? text.substring(0, at) : text.substring(0, at).stripTrailing();
    List<Span> spans = new ArrayList<>();
    for (Span span : rendered.generationSpans()) {
      if (span.start() < kept.length()) {
        spans.add(new Span(span.start(), Math.min(span.end(), kept.length())));
      }
    }
    return new Rendered(kept, spans);
  }
}
