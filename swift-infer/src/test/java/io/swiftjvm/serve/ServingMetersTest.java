package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ServingMetersTest {
  @Test
  void meters_have_the_names_and_values_of_the_metrics_page_until_they_are_closed() {
    var registry = new SimpleMeterRegistry();
    try (TinyServer tiny = new TinyServer(); var meters = new ServingMeters(registry, tiny.server, "stage", "test")) {
      assertThat(tiny.chat(",'max_tokens':4").status()).isEqualTo(200);
      tiny.chat(",'max_tokens':3,'stream':true");
      String page = tiny.get("/metrics").text();
      Set<String> told = new TreeSet<>();
      page.lines().filter(line -> line.startsWith("# TYPE ")).forEach(line -> told.add(line.split(" ", -1)[2]));
      assertThat(registry.getMeters().stream().map(Meter::getId).map(Meter.Id::getName)
          .filter(name -> !name.endsWith("_bucket")).collect(Collectors.toSet())).containsAll(told);
      for (String name : told) {
        Meter meter = registry.get(name).meters().iterator().next();
        assertThat(meter.getId().getTag("model_name")).isEqualTo("swift-tiny");
        assertThat(meter.getId().getTag("stage")).isEqualTo("test");
        if (meter instanceof FunctionCounter counter && !name.equals("vllm:request_success_total")) {
          assertThat(page).contains(name + "{model_name=\"swift-tiny\"} " + (long) counter.count() + "\n");
        } else if (meter instanceof DistributionSummary summary) {
          assertThat(page).contains(name + "_count{model_name=\"swift-tiny\"} " + summary.count() + "\n");
        }
      }
      assertThat(registry.get("vllm:generation_tokens_total").functionCounter().count()).isEqualTo(7);
      assertThat(registry.get("vllm:request_generation_tokens").summary().totalAmount()).isEqualTo(7);
      assertThat(registry.get("vllm:request_success_total").tag("finished_reason", "length").functionCounter().count())
          .isEqualTo(2);
      meters.close();
      assertThat(registry.getMeters()).isEmpty();
    }
  }
}
