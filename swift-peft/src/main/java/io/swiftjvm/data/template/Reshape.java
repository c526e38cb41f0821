package io.swiftjvm.data.template;

import io.swiftjvm.data.template.Turn.Said;
import io.swiftjvm.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What some families do to a conversation before it is written. */
public enum Reshape {
  /** Nothing. */
  NONE,

  /** GPT-OSS: answers go to a channel. */
  GPT_OSS {
    @Override
    Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
      String channel = "<|channel|>final<|message|>";
      return given.answers(text -> text.startsWith("<|channel|>") ? text : channel + text);
    }
  },

  /** Ernie: what follows the thoughts stands between tags. */
  ERNIE {
    @Override
    Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
      return given.answers(text -> {
        if (text.contains("<response>")) {
          return text;
        }
        int end = text.indexOf(Thoughts.CLOSE) + Thoughts.CLOSE.length();
        return !text.contains(Thoughts.CLOSE) ? "<response>\n" + text + "\n</response>\n"
            : text.substring(0, end).replaceFirst("<think>(?!\n)", "<think>\n") + "\n\n<response>\n"
                + text.substring(end) + "\n</response>";
      });
    }
  },

  /** Seed-OSS: thoughts have tags of their own and a budget that the system text states. */
  SEED {
    @Override
    Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
      return SeedBudget.apply(given, tokenizer);
    }

    @Override
    String opening(Turns turns) {
      return SeedBudget.opening(turns);
    }
  },

  /** Qwen's reward model of steps: a mark behind the last text, from whose place the reward is read. */
  QWEN_PRM {
    @Override
    Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
      Turn last = given.turns().getLast();
      List<Said> answer = last.answer();
      Turn marked = answer == null ? new Turn(mark(last.query()), last.verbatim(), null)
          : new Turn(last.query(), last.verbatim(), Turns.mapLast(answer, Reshape::mark));
      List<Turn> turns = new ArrayList<>(given.turns());
      turns.set(turns.size() - 1, marked);
      return new Turns(given.system(), turns);
    }
  },

  /** Qwen's reranker: question and answer are the query and the document of one question. */
  QWEN_RERANKER {
    @Override
    Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
      Turn first = given.turns().getFirst();
      List<Said> answer = first.answer();
      String document = answer == null ? null : answer.getFirst().text();
      String task = own == null || own.isEmpty()
          ? "Given a web search query, retrieve relevant passages that answer the query" : own;
      String query = "<Instruct>: " + task + "\n<Query>: " + first.query() + "\n<Document>: "
          + (document == null ? "" : document);
      return new Turns(meta.defaultSystem(), List.of(new Turn(query, false, null)));
    }
  };

  private static String mark(String text) {
    return text.contains("<extra_0>") ? text : text + "<extra_0>";
  }

  /**
   * The conversation as the family takes it.
   *
   * @param given with the system text that will be written
   * @param own the row's own system text
   */
  Turns apply(Turns given, @Nullable String own, TemplateMeta meta, Tokenizer tokenizer) {
    return given;
  }

  /** Opens an answer that is still to come, tokenised on its own; often empty. */
  String opening(Turns turns) {
    return "";
  }
}
