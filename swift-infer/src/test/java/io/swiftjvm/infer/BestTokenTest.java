package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Logits stay on the device where only the likeliest token counts. */
class BestTokenTest {
  private static final SamplingParams GREEDY = SamplingParams.DEFAULT.temperature(0.0).maxTokens(12);

  @Test
  void greedy_answers_read_no_logits_and_are_those_of_who_reads_them() {
    AtomicInteger rows = new AtomicInteger();
    AtomicInteger places = new AtomicInteger();
    try (Backend backend = counting(Devices.cpu(1), rows, places);
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      Engine engine = new Engine(model);
      List<Integer> best = engine.generate(GenerateRequest.of(11, 12, 13).sampling(GREEDY)).tokens();
      assertThat(best).hasSizeBetween(1, 12);
      assertThat(rows).hasValue(0);
      assertThat(places.get()).isBetween(best.size(), best.size() + 1);

      places.set(0);
      for (SamplingParams looking : List.of(GREEDY.logprobs(1), GREEDY.repetitionPenalty(1.0000001))) {
        rows.set(0);
        assertThat(engine.generate(GenerateRequest.of(11, 12, 13).sampling(looking)).tokens()).isEqualTo(best);
        assertThat(rows.get()).isBetween(best.size(), best.size() + 1);
      }
      engine.generate(GenerateRequest.of(11, 12, 13).sampling(GREEDY.temperature(1.0).seed(1L)));
      assertThat(places).hasValue(0);
    }
  }

  /** The backend, with counts of downloaded rows of logits and of searches for the greatest one. */
  private static Backend counting(Backend backend, AtomicInteger rows, AtomicInteger places) {
    long vocabulary = 0;
    try (CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      vocabulary = model.config().vocabSize();
    }
    long columns = vocabulary;
    return (Backend) Proxy.newProxyInstance(Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (p, method, args) -> {
      if (method.getName().equals("download") && ((Tensor) args[0]).columns() == columns) {
        rows.incrementAndGet();
      }
      if (method.getName().equals("argmax")) {
        places.incrementAndGet();
      }
      try {
        return method.invoke(backend, args);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }
}
