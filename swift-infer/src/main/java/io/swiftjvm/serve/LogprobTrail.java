package io.swiftjvm.serve;

import io.swiftjvm.infer.TokenLogprob;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** Keeps log-probabilities beside the text they belong to: a token is told when its first byte is shown. */
final class LogprobTrail {
  private final TokenText tokens;
  private final Queue<TokenLogprob> pending = new ArrayDeque<>();
  private long shown;
  private long told;

  LogprobTrail(TokenText tokens) {
    this.tokens = tokens;
  }

  /** Those of {@code text}, the next piece; end tokens and what a stop text cut off never come. */
  List<TokenLogprob> take(List<TokenLogprob> more, String text) {
    more.stream().filter(t -> !tokens.silent(t.token())).forEach(pending::add);
    shown += Text.bytes(text);
    List<TokenLogprob> out = new ArrayList<>();
    while (!pending.isEmpty() && told < shown) {
      TokenLogprob next = pending.remove();
      told += tokens.bytes(next.token()).length;
      out.add(next);
    }
    return out;
  }
}
