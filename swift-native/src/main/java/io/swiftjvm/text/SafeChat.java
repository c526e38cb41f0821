package io.swiftjvm.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Conversations as token ids. What a message says never becomes a control token: a user who writes
 * {@code <|im_end|>} has written these characters and ends no turn.
 *
 * {@snippet :
 * int[] prompt = new SafeChat(tokenizer).encode(template, messages, RenderOptions.defaults().withAddGenerationPrompt(true));
 * }
 *
 * <p>Thread-safe.
 */
public final class SafeChat {
  /** Keeps a control token's text in a message from being one while the template runs; a private-use character. */
  private static final String MARK = "\uF8FE";

  private final Tokenizer tokenizer;
  private final @Nullable Pattern control;

  /** For the control tokens of {@code tokenizer}. */
  public SafeChat(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    List<String> texts = tokenizer.special().all().stream().map(tokenizer::token)
        .sorted((a, b) -> Integer.compare(b.length(), a.length())).toList();
    control = texts.isEmpty() ? null
        : Pattern.compile(texts.stream().map(Pattern::quote).collect(Collectors.joining("|")));
  }

  /**
   * The ids of a conversation of {@code {role, content}} messages.
   *
   * @throws io.swiftjvm.error.TemplateException if the template refuses it
   */
  public int[] encode(ChatTemplate template, List<Map<String, Object>> messages, RenderOptions options) {
    boolean forged = control != null && messages.stream().anyMatch(this::forges);
    String rendered =
        template.render(forged ? messages.stream().map(this::masked).toList() : messages, options).text();
    return forged ? unmasked(rendered) : tokenizer.encode(rendered, false);
  }

  private boolean forges(Map<String, Object> message) {
    return !message.equals(masked(message));
  }

  private Map<String, Object> masked(Map<String, Object> message) {
    Map<String, Object> copy = new LinkedHashMap<>();
    message.forEach((name, value) -> copy.put(name, mask(value)));
    return copy;
  }

  /** Plain data with a mark behind the first char of each control text, and marks that were there doubled. */
  private Object mask(Object value) {
    return switch (value) {
      case String text when control != null -> control.matcher(text.replace(MARK, MARK + MARK))
          .replaceAll(m -> Matcher.quoteReplacement(m.group().charAt(0) + MARK + m.group().substring(1)));
      case Map<?, ?> map -> {
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.forEach((name, inner) -> copy.put(name, inner == null ? "" : mask(inner)));
        yield copy;
      }
      case List<?> list -> list.stream().map(inner -> inner == null ? "" : mask(inner)).toList();
      default -> value;
    };
  }

  /** The template's own control texts become tokens, what lies between them is data. */
  private int[] unmasked(String rendered) {
    List<int[]> parts = new ArrayList<>();
    Matcher own = control == null ? null : control.matcher(rendered);
    int from = 0;
    while (own != null && own.find()) {
      parts.add(data(rendered.substring(from, own.start())));
      tokenizer.id(own.group()).ifPresent(id -> parts.add(new int[] {id}));
      from = own.end();
    }
    parts.add(data(rendered.substring(from)));
    return parts.stream().flatMapToInt(Arrays::stream).toArray();
  }

  private int[] data(String text) {
    String plain = text.replaceAll(MARK + "(" + MARK + "?)", "$1");
    return plain.isEmpty() ? new int[0] : tokenizer.encodePlain(plain);
  }
}
