package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Holds the rules of plans against arguments that are given beside an embedded model and dataset. */
final class PlanChecks {
  private PlanChecks() {}

  static void refused(Map<String, Object> given, String... words) {
    assertThatThrownBy(() -> PlanRules.check(settings(given))).isInstanceOf(InvalidPlanException.class)
        .hasMessageContainingAll(words);
  }

  static void legal(Map<String, Object> given) {
    assertThatCode(() -> PlanRules.check(settings(given))).doesNotThrowAnyException();
  }

  static Settings settings(Map<String, Object> given) {
    Map<String, Object> all = new LinkedHashMap<>(Map.of("model", "swift-tiny", "dataset", "swift/self-cognition"));
    all.putAll(given);
    return Arguments.apply(Settings.DEFAULT, all);
  }
}
