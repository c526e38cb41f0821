package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import java.util.List;

/** {@code swift plan}: the closed plan as YAML, or explained. */
final class PlanCommand implements Command {
  @Override
  public String name() {
    return "plan";
  }

  @Override
  public String summary() {
    return "Prints the plan as YAML, with --explain its decisions and reasons; loads no weights.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.bare("explain", "decisions with their reasons"), Flag.bare("json", "JSON instead of YAML"));
  }

  @Override
  public int run(Call call) {
    Plan plan = Recipe.of(call.settings()).plan();
    call.out().print(call.on("explain") ? plan.explain() : call.on("json") ? plan.toJson() + "\n" : plan.toYaml());
    return 0;
  }
}
