package io.swiftjvm.cli;

import java.util.List;

/** All commands, in the order of the help. */
final class Commands {
  private Commands() {}

  static List<Command> all() {
    return List.of(
        new DemoCommand(),
        new SftCommand("sft", "Fine-tunes a model on conversations (lora or full)."),
        new SftCommand("pt", "Continues pre-training on plain text: every token is trained."),
        new InferCommand(),
        new DeployCommand("deploy"),
        new DeployCommand("serve"),
        new ExportCommand(),
        new LogitsCommand(),
        new TokenizeCommand(),
        new RenderCommand(),
        new CheckCommand(),
        new EstimateCommand(),
        new PlanCommand(),
        new DevicesCommand(),
        new SelftestCommand(),
        new MissingCommand("rlhf", "preference training comes with a later version; use 'swift sft'"),
        new MissingCommand("eval", "evaluation comes with a later version; use 'swift infer' or 'swift logits'"));
  }
}
