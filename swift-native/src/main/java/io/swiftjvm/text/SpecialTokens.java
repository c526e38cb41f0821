package io.swiftjvm.text;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The special tokens that {@code tokenizer_config.json} names and all that {@code tokenizer.json} marks as special.
 *
 * @param bos begin of sequence; some models have none (Qwen)
 * @param eos end of sequence or of a turn
 * @param pad padding
 * @param unk unknown
 * @param all every id that {@code decode(ids, true)} leaves out
 * @param bosToken the string of {@code bos}, as chat templates want it
 * @param eosToken the string of {@code eos}
 */
public record SpecialTokens(
    OptionalInt bos,
    OptionalInt eos,
    OptionalInt pad,
    OptionalInt unk,
    Set<Integer> all,
    Optional<String> bosToken,
    Optional<String> eosToken) {
  public SpecialTokens {
    all = Set.copyOf(all);
  }
}
