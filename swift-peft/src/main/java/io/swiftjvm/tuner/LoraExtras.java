package io.swiftjvm.tuner;

import java.util.List;

/**
 * What most LoRA trainings leave as it is; set by the methods of {@link LoraSpec} that have the same names.
 *
 * @param freezeA only B is trained (LoRA-FA, arXiv 2308.03303); false as in PEFT
 * @param modulesToSave ends of paths of modules that are trained whole beside it, such as {@code embed_tokens}; none as
 *     in ms-swift and PEFT
 * @param bias which biases of the model are trained beside it; none as in ms-swift and PEFT
 * @param gradient of the start {@link LoraInit#LORA_GA}
 * @param loftq of the start {@link LoraInit#LOFTQ}
 * @param attention what tokens see in training; the whole text before them
 */
public record LoraExtras(
    boolean freezeA, List<String> modulesToSave, LoraBias bias, GradientStart gradient, LoftqStart loftq,
    ShiftedAttention attention) {
  /** A and B are trained, nothing beside them. */
  public static final LoraExtras NONE =
      new LoraExtras(false, List.of(), LoraBias.NONE, GradientStart.DEFAULT, LoftqStart.DEFAULT, ShiftedAttention.NONE);

  public LoraExtras {
    modulesToSave = List.copyOf(modulesToSave);
  }

  LoraExtras freezeA(boolean on) {
    return new LoraExtras(on, modulesToSave, bias, gradient, loftq, attention);
  }

  LoraExtras modulesToSave(List<String> value) {
    return new LoraExtras(freezeA, value, bias, gradient, loftq, attention);
  }

  LoraExtras bias(LoraBias value) {
    return new LoraExtras(freezeA, modulesToSave, value, gradient, loftq, attention);
  }

  LoraExtras gradient(GradientStart value) {
    return new LoraExtras(freezeA, modulesToSave, bias, value, loftq, attention);
  }

  LoraExtras loftq(LoftqStart value) {
    return new LoraExtras(freezeA, modulesToSave, bias, gradient, value, attention);
  }

  LoraExtras attention(ShiftedAttention value) {
    return new LoraExtras(freezeA, modulesToSave, bias, gradient, loftq, value);
  }
}
