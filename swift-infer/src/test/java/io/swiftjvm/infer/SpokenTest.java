package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.TestDevices;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps of decoding that are recorded and done again. */
@Timeout(120)
class SpokenTest {
  /** Two texts of unequal length go on by {@code count} tokens; the logits of every step. */
  private static List<float[]> logits(GoldenModel g, int count, Runnable between) throws Exception {
    List<float[]> all = new ArrayList<>();
    Steps steps = new Steps(g.model);
    try (KvCache cache = new KvCache(g.backend, 2, 200, 40, DType.F32);
        KvCache other = new KvCache(g.backend, 2, 200, 40, DType.F32)) {
      int[] slots = {cache.acquire(), cache.acquire()};
      int[] twins = {other.acquire(), other.acquire()};
      int[][] prompts = {IntStream.range(5, 18).toArray(), IntStream.range(40, 71).toArray()};
      steps.run(cache, List.of(), List.of(new Steps.Tokens(slots[0], prompts[0], 1, false),
          new Steps.Tokens(slots[1], prompts[1], 1, false))).step().commit();
      plain(g, other, twins, IntStream.concat(IntStream.of(prompts[0]), IntStream.of(prompts[1])).toArray(),
          prompts[0].length, prompts[1].length);
      for (int i = 0; i < count; i++) {
        if (i == count / 2) {
          steps.change(between);
        }
        int[] next = {20 + i, 90 - i};
        Steps.Result result = steps.run(cache, List.of(), List.of(new Steps.Tokens(slots[0], new int[] {next[0]}, 1, false),
            new Steps.Tokens(slots[1], new int[] {next[1]}, 1, false)));
        result.step().commit();
        float[] expected = plain(g, other, twins, next, 1, 1);
        int v = expected.length / 2;
        float[] found = new float[expected.length];
        for (int s = 0; s < 2; s++) {
          float[] row = result.rows().get(s).getFirst().logits();
          assertThat(row).isNotNull().hasSize(v);
          System.arraycopy(row, 0, found, s * v, v);
        }
        assertThat(found).as("step " + i).containsExactly(expected);
        all.add(found);
      }
    }
    return all;
  }

  /** A pass of the model's own code. */
  private static float[] plain(GoldenModel g, KvCache cache, int[] slots, int[] ids, int... counts) {
    try (Scope scope = new Scope(g.backend)) {
      KvCache.Step step = cache.step(slots, counts);
      Pass pass = Pass.of(new Ops(g.backend, null, scope), step);
      Tensor hidden = g.model.hidden(pass, scope.ints(ids), step.positions());
      float[] logits = g.model.logits(pass, hidden).toFloats();
      step.commit();
      return logits;
    }
  }

  static Stream<Arguments> cases() {
    Stream<Arguments> models =
        Stream.of("gemma2", "gpt-oss", "qwen3-moe", "qwen3-next", "deepseek-v3").map(model -> Arguments.of("cpu", model));
    return Stream.concat(models, TestDevices.all().map(device -> Arguments.of(device, "qwen3")));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void every_step_has_the_bits_of_a_pass_of_the_model(String device, String model) throws Exception {
    try (GoldenModel g = new GoldenModel(device, model)) {
      List<float[]> all = logits(g, device.equals("cpu") ? 40 : 8, () -> { });
      assertThat(all.get(3)).isNotEqualTo(all.get(4));
    }
  }

  @Test
  void a_change_of_the_model_between_steps_is_seen() throws Exception {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      List<float[]> before = logits(g, 10, () -> { });
      String path = g.model.linears().keySet().iterator().next();
      List<float[]> after = logits(g, 10, () -> g.model.replaceLinear(path, linear -> {
        Tensor old = linear.base().weight().value();
        Tensor twice = g.model.scope().floats(old.shape());
        g.backend.cast(old, twice);
        g.backend.scale(twice, 2, twice);
        return new DenseLinear(new Parameter(path + ".weight", twice), linear.base().bias());
      }));
      assertThat(after.get(4)).containsExactly(before.get(4));
      assertThat(after.get(5)).isNotEqualTo(before.get(5));
    }
  }

  @Test
  void a_step_done_again_takes_little_of_the_java_heap() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (GoldenModel g = new GoldenModel("qwen3"); KvCache cache = new KvCache(g.backend, 1, 200, 40, DType.F32)) {
      Steps steps = new Steps(g.model);
      int slot = cache.acquire();
      steps.run(cache, List.of(), List.of(new Steps.Tokens(slot, new int[] {5, 6, 7}, 1, true))).step().commit();
      List<Steps.Tokens> next = List.of(new Steps.Tokens(slot, new int[] {8}, 1, true));
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 40; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 50; i++) {
          steps.run(cache, List.of(), next);
        }
        least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 50);
      }
      // what the step and its result are made of; some hundred bytes more where helpers are asked
      assertThat(least).isLessThan(2000);
    }
  }
}
