package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.AttentionConfig;
import io.swiftjvm.model.DecoderConfig;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import org.jspecify.annotations.Nullable;

/**
 * Attention over groups of a text while training (LongLoRA, arXiv 2309.12307): half of the heads see groups of
 * {@code ratio * length} tokens, the other half groups that begin half a group later, so that what a group knows reaches
 * the next one. Validation and answers have the whole attention.
 *
 * {@snippet :
 * LoraSpec spec = LoraSpec.DEFAULT.modulesToSave(List.of("embed_tokens", "norm")).attention(new ShiftedAttention(0.25, 8192));
 * }
 *
 * <p>The first half group of the shifted heads is a group of its own, as in the authors' code. ms-swift rolls it behind the
 * last one, where the first tokens of a text see its last ones.
 *
 * @param ratio group over length, above 0 .. 0.5; 0 = the whole attention. 0.25 in ms-swift
 * @param length tokens that the ratio is of, the longest text of a training; group and half group must be whole
 */
public record ShiftedAttention(double ratio, int length) {
  /** The whole attention. */
  public static final ShiftedAttention NONE = new ShiftedAttention(0, 0);

  public ShiftedAttention {
    if (!(ratio >= 0 && ratio <= 0.5) || length < 0) {
      throw new InvalidPlanException("group_size_ratio is " + ratio + " and group_size_length " + length + "; the ratio must be "
          + "0 to 0.5 (0.25 is usual), the length 0 or more.");
    }
    if (ratio > 0 && length > 0) {
      int group = (int) (ratio * length);
      if (group < 2 || group % 2 != 0 || length % group != 0) {
        throw new InvalidPlanException("group_size_ratio " + ratio + " of " + length + " tokens is a group of " + group
            + "; it must be an even number that divides the length. Use a max_length that is a multiple of "
            + 2 * (int) Math.ceil(1 / ratio) + ".");
      }
    }
  }

  /** Sets the ratio. Default: 0. Legal: 0 .. 0.5. */
  public ShiftedAttention ratio(double value) {
    return new ShiftedAttention(value, length);
  }

  /** Sets the length. Default: 0, which a plan replaces by its {@code max_length}. */
  public ShiftedAttention length(int value) {
    return new ShiftedAttention(ratio, value);
  }

  /** True if attention is over groups. */
  public boolean on() {
    return ratio > 0;
  }

  /** What is missing, or null. */
  @Nullable String problem() {
    return on() && length == 0 ? "group_size_ratio is " + ratio + " and nothing says of how many tokens. Set max_length." : null;
  }

  /** Refuses a model that it does not fit. */
  void check(DecoderConfig model) {
    if (!on()) {
      return;
    }
    if (!model.modelType().equals("llama")) {
      throw new InvalidPlanException("group_size_ratio is " + ratio + " (longlora) for a model of type " + model.modelType()
          + "; as in ms-swift it is there for llama. Use lora.");
    }
    MixerConfig mixer = model.layers().getFirst().mixer();
    if (!(mixer instanceof AttentionConfig a) || a.heads() % 2 != 0 || (a.kvHeads() % 2 != 0 && a.kvHeads() != 1)) {
      throw new InvalidPlanException("group_size_ratio is " + ratio + " (longlora) for " + mixer + "; half of the heads are "
          + "shifted, so there must be an even number of heads, and of key heads unless there is one. Use lora.");
    }
  }

  /** The pass over packed rows; one that trains has a dropout key. */
  public Pass pass(Pass pass, int... cuSeqlens) {
    if (!on() || pass.dropoutKey() == 0) {
      return pass;
    }
    AttentionContext groups = new ShiftedContext(pass.attention(), (int) (ratio * length), cuSeqlens);
    return new Pass(pass.ops(), groups, pass.adapters(), pass.dropoutKey(), pass.recompute());
  }
}
