package io.swiftjvm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.optimizer.Schedule;
import io.swiftjvm.train.optimizer.ScheduleSpec;
import io.swiftjvm.train.optimizer.ScheduleType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final List<String> NAMES = List.of("linear", "cosine_with_restarts", "cosine_with_min_lr", "cosine",
      "polynomial", "wsd", "constant_with_warmup", "inverse_sqrt");

  @Test
  void every_curve_is_that_of_transformers() {
    JsonNode golden = Oracle.json("training/schedules.json");
    golden.properties().forEach(entry -> {
      String name = NAMES.stream().filter(entry.getKey()::startsWith).findFirst().orElseThrow();
      Map<String, Object> settings = new HashMap<>();
      entry.getValue().path("args").properties()
          .forEach(arg -> settings.put(arg.getKey(), arg.getValue().doubleValue()));
      int warmup = ((Number) settings.remove("num_warmup_steps")).intValue();
      Object given = settings.remove("num_training_steps");
      int total = given == null ? 20 : ((Number) given).intValue();
      Schedule schedule = new ScheduleSpec(
          ScheduleType.of(name.equals("wsd") ? "warmup_stable_decay" : name), warmup, 0, settings)
          .schedule(1e-3, total);
      double[] rates = Oracle.doubles(entry.getValue().path("lr"));
      for (int step = 0; step < rates.length; step++) {
        assertThat(schedule.rate(step)).as(entry.getKey() + " step " + step)
            .isCloseTo(rates[step], within(1e-12 * Math.max(rates[step], 1e-6)));
      }
    });
    assertThat(golden.size()).isGreaterThan(20);
  }

  @Test
  void the_ratio_is_rounded_up_to_whole_steps() {
    assertThat(ScheduleSpec.DEFAULT.warmupRatio(0.03).warmup(40)).isEqualTo(2);
    assertThat(ScheduleSpec.DEFAULT.type("constant").schedule(0.5, 10).rate(9)).isEqualTo(0.5);
  }

  @Test
  void illegal_settings_are_refused_with_what_is_legal() {
    assertThatThrownBy(() -> ScheduleType.of("cosin")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("cosine_with_min_lr");
    assertThatThrownBy(() -> ScheduleSpec.DEFAULT.warmupSteps(3).warmupRatio(0.1))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("both");
    assertThatThrownBy(() -> ScheduleSpec.DEFAULT.settings(Map.of("min_lr", 1e-6)))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("num_cycles");
    assertThatThrownBy(() -> ScheduleSpec.DEFAULT.type("cosine_with_min_lr"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("min_lr_rate");
    assertThatThrownBy(() -> ScheduleSpec.DEFAULT.warmupRatio(1)).isInstanceOf(InvalidPlanException.class);
  }
}
