package io.swiftjvm.infer.grammar;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Texts that a model without any idea would write under a grammar: each allowed token is as probable as the others. */
final class Drawn {
  private static final String TEXT = "{\"name\": \"Ann\", \"age\": 12, \"tags\": [\"a\", \"b\"], \"x\":null,true,false} "
      + "the quick é 日本 😀 \\n \\u00e9 -12.5e3 select from (a+b)*c <tool_call>";
  static final PieceTokenizer TOKENIZER = new PieceTokenizer(TEXT, 6);
  static final GrammarCompiler COMPILER =
      new GrammarCompiler(TOKENIZER, TOKENIZER.vocabSize() + 3, GrammarLimits.DEFAULT);
  /** Gives up early, so that tests of what is too large end early. */
  static final GrammarCompiler HASTY = new GrammarCompiler(
      TOKENIZER, TOKENIZER.vocabSize(), GrammarLimits.DEFAULT.compileTime(Duration.ofMillis(300)));

  private Drawn() {}

  /** A text, or null if it was not over after {@code most} tokens. */
  static @Nullable String text(Grammar grammar, long seed, int most) {
    Matcher matcher = COMPILER.matcher(grammar);
    Random random = new Random(seed);
    List<Integer> ids = new ArrayList<>();
    while (!matcher.over()) {
      if (ids.size() == most) {
        return null;
      }
      int next = draw(matcher, random);
      if (next == PieceTokenizer.END) {
        break;
      }
      matcher.accept(next);
      ids.add(next);
    }
    return TOKENIZER.decode(ids.stream().mapToInt(id -> id).toArray(), true);
  }

  private static int draw(Matcher matcher, Random random) {
    float[] scores = new float[TOKENIZER.vocabSize() + 3];
    matcher.mask(scores, PieceTokenizer.END);
    List<Integer> allowed = new ArrayList<>();
    for (int id = 0; id < scores.length; id++) {
      if (scores[id] == 0) {
        allowed.add(id);
      }
    }
    // texts shall come to an end
    List<Integer> closing = allowed.stream().filter(id -> id == PieceTokenizer.END
        || "\"]}".indexOf(TOKENIZER.token(id).charAt(TOKENIZER.token(id).length() - 1)) >= 0).toList();
    List<Integer> from = !closing.isEmpty() && random.nextInt(3) == 0 ? closing : allowed;
    return from.get(random.nextInt(from.size()));
  }

  /** True if a text can be written under a grammar, token by token of one byte. */
  static boolean matches(Grammar grammar, String text) {
    Matcher matcher = COMPILER.matcher(grammar);
    for (byte b : text.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      float[] scores = new float[TOKENIZER.vocabSize()];
      int id = 1 + (b & 0xFF);
      matcher.mask(scores);
      if (scores[id] != 0) {
        return false;
      }
      matcher.accept(id);
    }
    return matcher.complete();
  }
}
