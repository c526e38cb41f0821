package io.swiftjvm.cli;

import io.swiftjvm.run.LogitsJob;
import java.nio.file.Path;
import java.util.List;

/** {@code swift logits}: logits, loss and gradients of given token ids, to compare with other implementations. */
final class LogitsCommand implements Command {
  @Override
  public String name() {
    return "logits";
  }

  @Override
  public String summary() {
    return "Computes logits (B,T,V) of token ids, with labels the loss, on request gradients.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("input", "safetensors with input_ids (B,T) int64, optional attention_mask, position_ids, labels"),
        Flag.value("output", "safetensors to write: logits float32, loss, grad.NAME"),
        Flag.bare("gradients", "also write grad.NAME of every parameter; needs labels"));
  }

  @Override
  public int run(Call call) {
    Path input = Path.of(call.required("input"));
    Path output = Path.of(call.required("output"));
    LogitsJob.run(call.settings(), input, output, call.on("gradients"));
    call.out().println(output);
    return 0;
  }
}
