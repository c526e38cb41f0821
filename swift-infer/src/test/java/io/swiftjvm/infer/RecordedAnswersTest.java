package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.testing.TestDevices;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.LoraAdapter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers whose steps are recorded and done again, beside passes of the model's own code. */
@Timeout(120)
class RecordedAnswersTest {
  private static final String MODEL = "qwen3-untied-sharded";
  private static final SamplingParams GREEDY = SamplingParams.GREEDY.maxTokens(12).ignoreEos(true).logprobs(2);
  private static final SamplingParams DRAWN =
      SamplingParams.GREEDY.temperature(0.9).topP(0.9).seed(7L).maxTokens(20).ignoreEos(true).logprobs(2);

  /** A model on a backend that counts the recordings it is asked to keep, or refuses them. */
  private static final class Own implements AutoCloseable {
    final AtomicInteger recordings = new AtomicInteger();
    final Backend inner = TestDevices.open("cpu");
    final CausalLm model;
    final Engine engine;

    Own(boolean records) {
      Backend backend = (Backend) Proxy.newProxyInstance(Own.class.getClassLoader(), new Class<?>[] {Backend.class},
          (proxy, method, args) -> {
            if (method.getName().equals("replay")) {
              recordings.incrementAndGet();
              if (!records) {
                throw new MemoryException(1, 0, 0, "none is kept here");
              }
            }
            try {
              return method.invoke(inner, args);
            } catch (InvocationTargetException e) {
              throw e.getCause();
            }
          });
      model = CausalLm.load(OracleFiles.path("models/" + MODEL), backend);
      engine = new Engine(model);
    }

    List<List<TokenLogprob>> answers(List<GenerateRequest> requests) {
      return engine.generate(requests).stream().map(Completion::logprobs).toList();
    }

    @Override
    public void close() {
      model.close();
      inner.close();
    }
  }

  /** What happens to a model, and what is asked of it. */
  @FunctionalInterface
  private interface Story {
    List<List<TokenLogprob>> tell(Own own);
  }

  /** Answers of one engine and of one that records nothing are the same to the last bit. */
  private static void same(Story story) {
    try (Own recorded = new Own(true); Own plain = new Own(false)) {
      assertThat(story.tell(recorded)).isEqualTo(story.tell(plain));
      assertThat(recorded.recordings.get()).isPositive();
    }
  }

  private static GenerateRequest ask(int from, int length, SamplingParams params) {
    return GenerateRequest.of(IntStream.range(from, from + length).toArray()).sampling(params);
  }

  private static GenerateRequest adapted(String name) {
    return ask(5, 6, GREEDY).adapters(name.isEmpty() ? List.of() : List.of(name));
  }

  private static void attach(Own own, String folder, String name) {
    AdapterFiles.attach(own.model, OracleFiles.path("peft/" + folder), name, false);
  }

  @Test
  void later_answers_of_any_length_sampling_and_number_have_the_bits_of_passes_that_were_not_recorded() {
    same(own -> {
      List<List<TokenLogprob>> all = new ArrayList<>();
      all.addAll(own.answers(List.of(ask(5, 6, GREEDY))));
      all.addAll(own.answers(List.of(ask(5, 6, DRAWN))));
      all.addAll(own.answers(List.of(ask(9, 90, GREEDY))));
      all.addAll(own.answers(List.of(ask(5, 6, GREEDY))));
      all.addAll(own.answers(List.of(ask(5, 6, GREEDY), ask(30, 33, DRAWN), ask(70, 3, GREEDY.maxTokens(5)))));
      all.addAll(own.answers(List.of(ask(20, 17, DRAWN.seed(8L)))));
      all.addAll(own.answers(List.of(ask(5, 6, GREEDY), ask(30, 33, DRAWN), ask(70, 3, GREEDY.maxTokens(5)))));
      return all;
    });
  }

  @Test
  void an_answer_after_one_with_another_adapter_is_its_own() {
    same(own -> {
      List<List<TokenLogprob>> all = new ArrayList<>();
      attach(own, "lora", "a");
      attach(own, "lora_patterns", "b");
      for (String name : List.of("a", "", "b", "a", "")) {
        all.addAll(own.answers(List.of(adapted(name))));
      }
      all.addAll(own.answers(List.of(adapted("a"), adapted("b"), adapted(""), adapted("a"))));
      LoraAdapter.of(own.model, "a").detach();
      all.addAll(own.answers(List.of(adapted("b"), adapted(""))));
      attach(own, "lora_layers", "a");
      all.addAll(own.answers(List.of(adapted("a"))));
      assertThat(all.get(0)).isEqualTo(all.get(3)).isNotEqualTo(all.get(1)).isNotEqualTo(all.get(2));
      assertThat(all.getLast()).isNotEqualTo(all.getFirst());
      return all;
    });
  }

  @Test
  void weights_that_are_exchanged_between_answers_are_seen() {
    same(own -> {
      List<List<TokenLogprob>> all = new ArrayList<>();
      List<GenerateRequest> one = List.of(ask(5, 6, GREEDY));
      all.addAll(own.answers(one));
      all.addAll(own.answers(one));
      String path = own.model.linears().keySet().iterator().next();
      own.model.replaceLinear(path, linear -> new DenseLinear(
          new Parameter(path + ".weight", twice(own, linear.base().weight().value())), linear.base().bias()));
      all.addAll(own.answers(one));
      Parameter norm = norm(own);
      norm.replace(twice(own, norm.value()));
      all.addAll(own.answers(one));
      assertThat(all.get(0)).isEqualTo(all.get(1)).isNotEqualTo(all.get(2));
      assertThat(all.get(2)).isNotEqualTo(all.get(3));
      return all;
    });
  }

  private static Parameter norm(Own own) {
    return own.model.parameters().stream().filter(p -> p.name().endsWith("input_layernorm.weight")).findFirst()
        .orElseThrow();
  }

  private static Tensor twice(Own own, Tensor old) {
    Tensor twice = own.model.scope().floats(old.shape());
    own.model.backend().cast(old, twice);
    own.model.backend().scale(twice, 2, twice);
    return twice;
  }

  @Test
  void weights_that_are_written_in_place_are_read() {
    same(own -> {
      List<List<TokenLogprob>> all = new ArrayList<>();
      List<GenerateRequest> one = List.of(ask(5, 6, GREEDY));
      Parameter norm = norm(own);
      own.model.train(List.of(norm));
      for (int i = 0; i < 3; i++) {
        own.model.backend().scale(norm.value().detached(), 1.5f, norm.value().detached());
        all.addAll(own.answers(one));
      }
      norm.trainable(false);
      for (int i = 0; i < 3; i++) {
        own.model.backend().scale(norm.value(), 1.5f, norm.value());
        all.addAll(own.answers(one));
      }
      assertThat(all.stream().distinct()).hasSize(6);
      return all;
    });
  }

  @Test
  void calls_at_the_same_time_have_the_bits_of_calls_one_after_the_other() {
    try (Own own = new Own(true); Own plain = new Own(false)) {
      List<GenerateRequest> requests = IntStream.range(0, 8).mapToObj(i -> ask(5 + i, 3 + i, DRAWN.seed((long) i))).toList();
      List<Completion> expected = plain.engine.generate(requests);
      for (int round = 0; round < 3; round++) {
        List<CompletableFuture<Completion>> all =
            requests.stream().map(r -> CompletableFuture.supplyAsync(() -> own.engine.generate(r))).toList();
        for (int i = 0; i < all.size(); i++) {
          assertThat(all.get(i).join().logprobs()).isEqualTo(expected.get(i).logprobs());
        }
      }
    }
  }
}
