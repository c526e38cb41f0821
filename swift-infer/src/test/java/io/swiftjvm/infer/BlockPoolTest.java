package io.swiftjvm.infer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockPoolTest {
  @Test
  void sequences_that_grow_in_turns_have_runs_of_their_own() {
    BlockPool pool = new BlockPool(64, block -> {});
    int[] last = {-1, -1, -1};
    for (int round = 0; round < 8; round++) {
      for (int s = 0; s < 3; s++) {
        int next = pool.take(last[s]);
        assertThat(next).isEqualTo(round % BlockPool.RUN == 0 ? next / BlockPool.RUN * BlockPool.RUN : last[s] + 1);
        last[s] = next;
      }
    }
    assertThat(pool.high()).isEqualTo(24);
  }

  @Test
  void no_block_has_two_owners_none_is_lost_and_idle_ones_go_the_oldest_first() {
    List<Integer> dropped = new ArrayList<>();
    BlockPool pool = new BlockPool(50, dropped::add);
    Random random = new Random(4);
    List<Integer> owned = new ArrayList<>();
    List<Integer> idle = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      dropped.clear();
      if (random.nextInt(100) < 55) {
        int block = pool.take(owned.isEmpty() ? -1 : owned.getLast());
        if (!dropped.isEmpty()) {
          assertThat(owned.size() + idle.size()).as("only when nothing else is left").isEqualTo(50);
          assertThat(dropped).containsExactly(idle.removeFirst());
        }
        assertThat(block < 0).isEqualTo(owned.size() == 50);
        if (block >= 0) {
          assertThat(block).isBetween(0, 49).isNotIn(owned).isNotIn(idle);
          owned.add(block);
        }
      } else if (!idle.isEmpty() && random.nextInt(3) == 0) {
        int block = idle.remove(random.nextInt(idle.size()));
        pool.share(block);
        owned.add(block);
      } else if (!owned.isEmpty()) {
        int block = owned.remove(random.nextInt(owned.size()));
        boolean keep = random.nextBoolean();
        pool.leave(block, keep);
        if (keep) {
          idle.add(block);
        }
      }
      assertThat(pool.used()).isEqualTo(owned.size());
      assertThat(pool.available()).isEqualTo(50 - owned.size());
    }
    owned.forEach(block -> pool.leave(block, false));
    pool.dropIdle();
    assertThat(pool.used()).isZero();
    Set<Integer> all = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      all.add(pool.take(-1));
    }
    assertThat(all).hasSize(50).doesNotContain(-1);
  }

  @ParameterizedTest
  @CsvSource({"100, 512, 16, 96, 80", "100, 512, 16, 64, 64", "529, 512, 16, 528, 512", "528, 512, 16, 512, 512",
      "513, 512, 16, 512, 512", "1000, 512, 16, 496, 480", "1000, 512, 512, 990, 512", "100, 512, 512, 96, 0",
      "40, 8, 16, 39, 32"})
  void blocks_are_shared_where_the_rest_meets_the_same_kernels(int length, int piece, int grain, int found, int shared) {
    PromptCut cut = new PromptCut(length, piece, grain);
    assertThat(cut.adoptable(found)).isEqualTo(shared);
    int at = 0;
    for (int from = 0; from < length; from += at) {
      at = cut.next(from);
      assertThat(at).isBetween(1, piece);
    }
    assertThat(cut.publishable()).isGreaterThanOrEqualTo(shared);
  }
}
