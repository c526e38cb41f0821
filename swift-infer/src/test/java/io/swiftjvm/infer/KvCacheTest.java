package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvCacheTest {
  private static float[] logits(GoldenModel g, AttentionContext context, int[] ids, int[] positions) {
    try (Scope scope = new Scope(g.backend)) {
      Pass pass = Pass.of(new Ops(g.backend, null, scope), context);
      return g.model.logits(pass, g.model.hidden(pass, scope.ints(ids), positions)).toFloats();
    }
  }

  private static int[] random(GoldenModel g, int length, int seed) {
    return new Random(seed).ints(length, 0, g.model.config().vocabSize()).toArray();
  }

  private static int[] positions(int length) {
    int[] positions = new int[length];
    Arrays.setAll(positions, i -> i);
    return positions;
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "qwen2", "llama3", "mistral-sliding"})
  void logits_with_the_cache_are_those_without(String name) {
    try (GoldenModel g = new GoldenModel(name); KvCache cache = new KvCache(g.backend, 2, 1000)) {
      int vocabulary = g.model.config().vocabSize();
      int[][] ids = {random(g, 150, 1), random(g, 90, 2)};
      float[][] full = new float[2][];
      int[] slots = {cache.acquire(), cache.acquire()};
      for (int s = 0; s < 2; s++) {
        full[s] = logits(g, AttentionContext.packed(0, ids[s].length), ids[s], positions(ids[s].length));
      }
      Random random = new Random(3);
      int[] done = {0, 0};
      while (done[0] < ids[0].length) {
        int[] counts = {Math.min(ids[0].length - done[0], 1 + random.nextInt(40)),
            Math.min(ids[1].length - done[1], 1 + random.nextInt(20))};
        boolean both = counts[1] > 0;
        KvCache.Step step = both ? cache.step(slots, counts)
            : cache.step(new int[] {slots[0]}, new int[] {counts[0]});
        int[] fed = Arrays.copyOfRange(ids[0], done[0], done[0] + counts[0]);
        int second = fed.length;
        if (both) {
          fed = Arrays.copyOf(fed, second + counts[1]);
          System.arraycopy(ids[1], done[1], fed, second, counts[1]);
        }
        float[] got = logits(g, step, fed, step.positions());
        step.commit();
        for (int s = 0; s < (both ? 2 : 1); s++) {
          float[] mine = Arrays.copyOfRange(got, s * second * vocabulary, (s * second + counts[s]) * vocabulary);
          float[] expected =
              Arrays.copyOfRange(full[s], done[s] * vocabulary, (done[s] + counts[s]) * vocabulary);
          assertThat(mine).containsExactly(expected, within(1e-5f));
          done[s] += counts[s];
        }
      }
      assertThat(cache.length(slots[0])).isEqualTo(150);
      assertThat(cache.rows()).isBetween(150 + 90, 512);
      assertThat(cache.bytes()).isEqualTo(2L * g.model.config().layerCount() * cache.rows()
          * g.model.config().layer(0).mixer().keyWidth() * Float.BYTES);
    }
  }

  @Test
  void a_step_without_commit_is_written_over() {
    try (GoldenModel g = new GoldenModel("qwen3"); KvCache cache = new KvCache(g.backend, 1, 100)) {
      int[] ids = random(g, 12, 4);
      int slot = cache.acquire();
      float[] first = null;
      for (int round = 0; round < 2; round++) {
        KvCache.Step step = cache.step(new int[] {slot}, new int[] {ids.length});
        float[] now = logits(g, step, ids, step.positions());
        assertThat(first == null ? now : first).isEqualTo(now);
        first = now;
      }
      assertThat(cache.length(slot)).isZero();
    }
  }

  @Test
  void a_sequence_over_the_limit_is_refused_with_the_numbers() {
    try (GoldenModel g = new GoldenModel("qwen3"); KvCache cache = new KvCache(g.backend, 1, 100)) {
      int slot = cache.acquire();
      cache.step(new int[] {slot}, new int[] {99}).commit();
      assertThatThrownBy(() -> cache.step(new int[] {slot}, new int[] {2})).isInstanceOf(InvalidPlanException.class)
          .hasMessageContainingAll("99", "2 more", "100 positions");
    }
  }

  @Test
  void a_slot_that_was_given_back_starts_empty_and_a_closed_cache_refuses() {
    try (GoldenModel g = new GoldenModel("qwen3")) {
      KvCache cache = new KvCache(g.backend, 1, 100);
      int slot = cache.acquire();
      cache.step(new int[] {slot}, new int[] {5}).commit();
      assertThatThrownBy(cache::acquire).isInstanceOf(IllegalStateException.class);
      cache.release(slot);
      assertThat(cache.acquire()).isEqualTo(slot);
      assertThat(cache.length(slot)).isZero();
      KvCache.Step step = cache.step(new int[] {slot}, new int[] {1});
      cache.close();
      cache.close();
      assertThatThrownBy(() -> logits(g, step, new int[] {1}, new int[] {0})).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void sequences_that_come_grow_and_go_keep_their_rows_and_memory_follows_the_tokens() {
    try (GoldenModel g = new GoldenModel("qwen3"); KvCache cache = new KvCache(g.backend, 40, 1000)) {
      int vocabulary = g.model.config().vocabSize();
      Random random = new Random(5);
      int[][] ids = new int[40][];
      int[] done = new int[40];
      float[][] full = new float[40][];
      List<Integer> slots = new ArrayList<>();
      for (int round = 0; round < 45; round++) {
        if (slots.size() < 6 && round < 25) {
          int slot = cache.acquire();
          slots.add(slot);
          ids[slot] = random(g, 1 + random.nextInt(200), round);
          done[slot] = 0;
          full[slot] = logits(g, AttentionContext.packed(0, ids[slot].length), ids[slot], positions(ids[slot].length));
        }
        for (int slot : List.copyOf(slots)) {
          int count = Math.min(ids[slot].length - done[slot], 1 + random.nextInt(70));
          int[] fed = Arrays.copyOfRange(ids[slot], done[slot], done[slot] + count);
          KvCache.Step step = cache.step(new int[] {slot}, new int[] {count});
          float[] got = logits(g, step, fed, step.positions());
          step.commit();
          assertThat(got).containsExactly(Arrays.copyOfRange(
              full[slot], done[slot] * vocabulary, (done[slot] + count) * vocabulary), within(1e-4f));
          done[slot] += count;
          if (done[slot] == ids[slot].length) {
            cache.release(slot);
            slots.remove((Integer) slot);
          }
        }
      }
      assertThat(slots).isEmpty();
      assertThat(cache.rows()).as("rows of six sequences of 200, not of forty").isLessThan(6 * 384 * 5 / 4);
    }
  }
}
