package io.swiftjvm.plan;

/** The decisions of a plan with their reasons. */
public record PlanFacts(Settings settings) {
  public static PlanFacts of(Settings settings) {
    return new PlanFacts(settings);
  }

  public String explain() {
    return "";
  }
}
