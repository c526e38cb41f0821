package io.swiftjvm.cli;

import io.swiftjvm.Plan;
import io.swiftjvm.Recipe;
import io.swiftjvm.plan.PlanFacts;

/** {@code swift estimate}: the memory of a plan by purpose, without loading weights. */
final class EstimateCommand implements Command {
  @Override
  public String name() {
    return "estimate";
  }

  @Override
  public String summary() {
    return "Prints the memory that the plan needs, whether it fits and what to change; with --dataset that of training.";
  }

  @Override
  public int run(Call call) {
    Plan plan = Recipe.of(call.settings()).plan();
    call.out().println(PlanFacts.of(plan.settings()).memoryPlan().verdict());
    return 0;
  }
}
