package io.swiftjvm.data.template;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a family of models writes conversations, by ms-swift's terms.
 *
 * @param name the template's name: {@code qwen3}
 * @param prefix before the first round where there is no system text
 * @param prompt around a user message
 * @param chatSep between rounds; null = only one round is possible
 * @param suffix behind the last answer
 * @param systemPrefix before the first round with a system text; null = system texts are refused
 * @param defaultSystem system text where a row has none; null = none
 * @param stopWords an answer that ends with one of these or with the suffix's text gets no suffix
 * @param thinkingPrefix opens an answer in thinking mode
 * @param nonThinkingPrefix opens an answer without thoughts: an empty think block
 * @param thinking answers may begin with a think block
 * @param agent how tools are written; null = rows with tools are refused
 * @param historyPrefix stands before an answer whose thoughts were removed
 * @param tokenizerEnds bos and eos are what the tokenizer itself puts around a text, eos instead of the suffix
 * @param trimAnswers line breaks at both ends of answers go
 * @param systemPlace where a system text goes when there is no {@code systemPrefix}
 */
public record TemplateMeta(
    String name, List<Part> prefix, List<Part> prompt, @Nullable List<Part> chatSep, List<Part> suffix,
    @Nullable List<Part> systemPrefix, @Nullable String defaultSystem, List<String> stopWords, String thinkingPrefix,
    String nonThinkingPrefix, boolean thinking, String historyPrefix,
    @Nullable AgentForm agent, boolean tokenizerEnds, boolean trimAnswers, SystemPlace systemPlace) {

  /** Where the system text stands. */
  public enum SystemPlace { PREFIX, FIRST_USER, LAST_USER }

  static TemplateMeta of(
      String name, List<Part> prefix, String prompt, @Nullable List<Part> chatSep, List<Part> suffix,
      @Nullable List<Part> systemPrefix) {
    return new TemplateMeta(name, prefix, text(prompt), chatSep, suffix, systemPrefix, null, List.of(), "", "", false,
        "", null, false, false, SystemPlace.PREFIX);
  }

  static List<Part> text(String... texts) {
    return Stream.of(texts).<Part>map(Part.Text::new).toList();
  }

  TemplateMeta named(String value) {
    return new TemplateMeta(value, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, agent, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta defaultSystem(@Nullable String value) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, value, stopWords, thinkingPrefix,
        nonThinkingPrefix, thinking, historyPrefix, agent, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta stopWords(String... words) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, List.of(words),
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, agent, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta thinking(String open, String none) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords, open, none,
        true, historyPrefix, agent, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta historyPrefix(String value) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, value, agent, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta agent(AgentForm form) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, form, tokenizerEnds, trimAnswers, systemPlace);
  }

  TemplateMeta systemPlace(SystemPlace value) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, agent, tokenizerEnds, trimAnswers, value);
  }

  TemplateMeta tokenizerEnds(boolean on) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, agent, on, trimAnswers, systemPlace);
  }

  TemplateMeta trimmingAnswers() {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords,
        thinkingPrefix, nonThinkingPrefix, thinking, historyPrefix, agent, tokenizerEnds, true, systemPlace);
  }

  /** True if a system text can be written. */
  public boolean takesSystem() {
    return systemPrefix != null || systemPlace != SystemPlace.PREFIX;
  }
}
