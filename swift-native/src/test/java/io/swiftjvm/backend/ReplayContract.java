package io.swiftjvm.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Passes that are recorded and done again. */
public interface ReplayContract extends Contract {
  /** Rows of a page, and pages of each of the two texts. */
  int PAGE = 16;
  int PAGES = 40;
  AttentionSpec SPEC = new AttentionSpec(4, 2, 32, 32, 0.2f, 0, 0);

  @ParameterizedTest
  @EnumSource(names = {"F32", "Q8_BLOCK"})
  default void rows_go_where_ids_say_and_the_others_stay(DType type) {
    check(0, (backend, scope, random) -> {
      Tensor rows = Agreement.random(scope, random, 5, 96);
      Tensor table = scope.tensor(type, 9, 96);
      Tensor alone = scope.tensor(type, 9, 96);
      Tensor before = Agreement.random(scope, random, 9, 96);
      int[] ids = {7, 0, 3, 8, 2};
      for (Tensor t : List.of(table, alone)) {
        if (type == DType.F32) {
          backend.copy(before, t);
        } else {
          backend.quantize(before, t);
        }
      }
      backend.scatterRows(rows, scope.ints(ids), table);
      for (int i = 0; i < ids.length; i++) {
        if (type == DType.F32) {
          backend.copy(rows.slice(i, 1), alone.slice(ids[i], 1));
        } else {
          backend.quantize(rows.slice(i, 1), alone.slice(ids[i], 1));
        }
      }
      Tensor found = scope.floats(9, 96);
      Tensor expected = scope.floats(9, 96);
      backend.cast(table, found);
      backend.cast(alone, expected);
      assertThat(found.toFloats()).containsExactly(expected.toFloats());
      return List.of(found);
    });
  }

  @Test
  default void rows_of_another_width_or_type_are_refused() {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor rows = scope.floats(2, 32);
        assertThatThrownBy(() -> backend.scatterRows(rows, scope.ints(0, 1), scope.floats(4, 64)))
            .hasMessageContaining("do not fit");
        assertThatThrownBy(() -> backend.scatterRows(rows, scope.ints(0, 1), scope.tensor(DType.BF16, 4, 32)))
            .hasMessageContaining("bf16");
      }
    });
  }

  /** A layer of a model over two texts of one token each. */
  final class Layer {
    final Tensor table;
    final Tensor weight;
    final Tensor norm;
    final Tensor ids;
    final Tensor rows;
    final Tensor pages;
    final Tensor keys;
    final Tensor values;

    public Layer(Scope scope, Random random) {
      table = Agreement.random(scope, random, 50, 64);
      weight = Agreement.random(scope, random, 128, 64);
      norm = Agreement.random(scope, random, 64);
      ids = scope.ints(0, 0);
      rows = scope.ints(0, 0);
      pages = scope.tensor(DType.I32, 2 * PAGES);
      keys = Agreement.random(scope, random, 2 * PAGES * PAGE, 64);
      values = Agreement.random(scope, random, 2 * PAGES * PAGE, 64);
    }

    /** The segments of texts of these lengths, whose pages alternate; their last tokens are new. */
    public Segments at(Backend backend, int first, int second, int... tokens) {
      int[] order = new int[2 * PAGES];
      int[] lengths = {first, second};
      int[] to = new int[2];
      for (int i = 0; i < PAGES; i++) {
        order[i] = 2 * i;
        order[PAGES + i] = 2 * i + 1;
      }
      for (int s = 0; s < 2; s++) {
        int last = lengths[s] - 1;
        to[s] = order[s * PAGES + last / PAGE] * PAGE + last % PAGE;
      }
      backend.upload(MemorySegment.ofArray(tokens), ids);
      backend.upload(MemorySegment.ofArray(to), rows);
      backend.upload(MemorySegment.ofArray(order), pages);
      return new Segments(new int[] {0, 1}, new int[] {1, 1}, new int[] {0, PAGES}, lengths,
          new Segments.Pages(PAGE, pages));
    }

    public Tensor forward(Backend backend, Scope scope, Segments segments) {
      Tensor x = scope.floats(2, 64);
      backend.gatherRows(table, ids, x);
      Tensor q = scope.floats(2, 128);
      try (Scope inner = scope.child()) {
        Tensor y = inner.floats(2, 64);
        backend.rmsNorm(x, norm, 0, 1e-6f, y, null);
        backend.linear(y, weight, null, q);
        backend.scatterRows(y, rows, keys);
        backend.scatterRows(x, rows, values);
      }
      Tensor out = scope.floats(2, 128);
      try (Scope inner = scope.child()) {
        Tensor z = inner.floats(2, 128);
        backend.attention(q, keys, values, SPEC, segments, z, null);
        backend.binary(Binary.ADD, z, q, out);
      }
      return out;
    }
  }

  @Test
  default void a_recorded_pass_gives_the_bits_of_a_pass_of_its_own() {
    // Across the ends of pages, and to where attention shares the keys of a text among more blocks.
    int[][] lengths = {{5, 33}, {6, 34}, {16, 35}, {17, 48}, {18, 49}, {19, 520}, {20, 521}, {21, 600}};
    check(2e-5, (backend, scope, random) -> {
      Layer layer = new Layer(scope, random);
      Layer twin = new Layer(scope, new Random(1));
      backend.copy(layer.table, twin.table);
      backend.copy(layer.weight, twin.weight);
      backend.copy(layer.norm, twin.norm);
      backend.copy(layer.keys, twin.keys);
      backend.copy(layer.values, twin.values);
      Tensor last;
      Segments first = layer.at(backend, 4, 32, 7, 8);
      try (Recorder recorder = new Recorder(backend, first); Scope room = new Scope(recorder)) {
        Tensor out = layer.forward(recorder, room, first);
        last = twin.forward(backend, scope, twin.at(backend, 4, 32, 7, 8));
        assertThat(recorder.obstacle()).isNull();
        try (Replay replay = recorder.replay()) {
          Segments lasting = first;
          for (int i = 0; i < lengths.length; i++) {
            int[] own = lengths[i];
            Segments now = layer.at(backend, own[0], own[1], i, 49 - i);
            if (i % 2 == 0) {
              lasting = now;
            }
            // every other time the same segments as before, with other numbers
            System.arraycopy(own, 0, lasting.kLength(), 0, own.length);
            replay.run(lasting);
            last = twin.forward(backend, scope, twin.at(backend, own[0], own[1], i, 49 - i));
            assertThat(out.toFloats()).as("step " + i).containsExactly(last.toFloats());
          }
        }
      }
      return List.of(last);
    });
  }

  @Test
  default void what_the_host_sees_or_gives_on_the_way_cannot_be_done_again() {
    backends().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor x = scope.floats(new float[] {1, 2, 3, 4}, 4);
        Segments none = Segments.packed(0);
        try (Recorder looks = new Recorder(backend, none)) {
          assertThat(looks.sumSquares(x)).isEqualTo(30);
          assertThat(looks.obstacle()).contains("host");
          assertThatThrownBy(looks::replay).isInstanceOf(IllegalStateException.class).hasMessageContaining("host");
        }
        try (Recorder gives = new Recorder(backend, none)) {
          gives.upload(MemorySegment.ofArray(new float[4]), x);
          assertThat(gives.obstacle()).contains("host");
        }
        assertThat(x.toFloats()).containsOnly(0);
      }
    });
  }

  @Test
  default void memory_of_a_recording_is_used_again_within_it_and_goes_back_with_it() {
    backends().forEach(backend -> {
      try (backend; Recorder recorder = new Recorder(backend, Segments.packed(0))) {
        Tensor first;
        try (Scope scope = new Scope(recorder)) {
          first = scope.floats(8);
        }
        try (Scope scope = new Scope(recorder)) {
          assertThat(scope.floats(8).storage()).isSameAs(first.storage());
          assertThat(scope.floats(8).storage()).isNotSameAs(first.storage());
        }
        recorder.close();
        assertThat(first.storage().isOpen()).isFalse();
      }
    });
  }
}
