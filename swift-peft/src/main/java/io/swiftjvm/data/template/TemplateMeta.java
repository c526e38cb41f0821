package io.swiftjvm.data.template;

import io.swiftjvm.data.tools.AgentForm;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a family of models writes conversations, by ms-swift's terms.
 *
 * {@snippet :
 * TemplateMeta mine = Templates.parse("""
 *     {"name": "mine", "like": "qwen", "default_system": "You are OWL.", "stop_words": ["<|end|>"]}""");
 * }
 *
 * @param name the template's name: {@code qwen3}
 * @param prefix before the first round where there is no system text
 * @param prompt around a user message
 * @param chatSep between rounds; null = only one round is possible
 * @param suffix behind the last answer
 * @param systemPrefix before the first round with a system text; null = system texts are refused
 * @param defaultSystem system text where a row has none; null = none
 * @param stopWords an answer that ends with one of these or with the suffix's text gets no suffix
 * @param thinking answers may begin with a think block
 * @param thinkingPrefix opens an answer in thinking mode
 * @param nonThinkingPrefix opens an answer without thoughts: an empty think block
 * @param historyPrefix stands before an answer whose thoughts were removed
 * @param agent how tools are written; null = rows with tools are refused
 * @param systemPlace where a system text goes when there is no {@code systemPrefix}
 * @param systemGlue between such a system text and the question
 * @param reshape what happens to a conversation before it is written
 * @param traits what else is particular
 */
public record TemplateMeta(
    String name, List<Part> prefix, List<Part> prompt, @Nullable List<Part> chatSep, List<Part> suffix,
    @Nullable List<Part> systemPrefix, @Nullable String defaultSystem, List<String> stopWords, boolean thinking,
    String thinkingPrefix, String nonThinkingPrefix, String historyPrefix, @Nullable AgentForm agent,
    SystemPlace systemPlace, String systemGlue, Reshape reshape, Set<Trait> traits) {

  /** Where the system text stands. */
  public enum SystemPlace { PREFIX, FIRST_USER, LAST_USER }

  /** Particulars of single families. */
  public enum Trait {
    /** Bos and eos are what the tokenizer itself puts around a text, eos instead of the suffix. */
    AUTO_ADD_BOS,
    /** Line breaks at both ends of answers go. */
    TRIM_ANSWERS,
    /** Line breaks at the end of a prompt go, and the one before a call. */
    TRIM_PROMPTS,
    /** Answers may stand between {@code <answer>} tags, and that is what is left of earlier ones. */
    ANSWER_TAGS,
    /** An answer behind results goes on where the one before them stopped, without a think block. */
    THINKS_AFTER_USER_ONLY,
    /** Only the last answer is given an empty think block. */
    THINKS_LAST_ONLY,
    /** The suffix stands behind an unanswered row, too. */
    ALWAYS_END
  }

  /** The same with tools written in another form. */
  public TemplateMeta agent(AgentForm form) {
    return new TemplateMeta(name, prefix, prompt, chatSep, suffix, systemPrefix, defaultSystem, stopWords, thinking,
        thinkingPrefix, nonThinkingPrefix, historyPrefix, form, systemPlace, systemGlue, reshape, traits);
  }

  /** True if a system text can be written. */
  public boolean takesSystem() {
    return systemPrefix != null || systemPlace != SystemPlace.PREFIX;
  }

  /** Whether a prompt asks for thoughts where nobody says; hybrid templates do not. */
  public boolean thinksByDefault() {
    return thinking && nonThinkingPrefix.isEmpty();
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  AgentForm.Frame frame() {
    return new AgentForm.Frame(literal(chatSep), literal(prompt));
  }

  private static String literal(@Nullable List<Part> parts) {
    StringBuilder out = new StringBuilder();
    if (parts != null) {
      parts.forEach(part -> out.append(part instanceof Part.Text t ? t.text() : ""));
    }
    return out.toString();
  }
}
