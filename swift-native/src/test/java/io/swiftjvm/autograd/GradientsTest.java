package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Gradients belong to storage and offset; memory of a pass comes back. */
class GradientsTest {
  private final CpuBackend backend = new CpuBackend(1);

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void the_first_gradient_is_taken_over_and_the_next_is_added_to_it() {
    try (Scope leaves = new Scope(backend); Gradients gradients = new Gradients(backend)) {
      Tensor x = leaves.floats(new float[] {0, 0}, 2);
      Tensor first;
      try (Scope scope = new Scope(backend)) {
        first = scope.floats(new float[] {1, 2}, 2);
        gradients.add(x, first);
        gradients.add(x, scope.floats(new float[] {10, 20}, 2));
      }
      assertThat(gradients.get(x).storage()).isSameAs(first.storage());
      assertThat(gradients.get(x).toFloats()).containsExactly(11, 22);
      gradients.clear();
      assertThat(first.storage().isOpen()).isFalse();
    }
  }

  @Test
  void a_view_has_the_gradient_of_what_it_looks_at_and_a_later_slice_has_its_own() {
    try (Scope scope = new Scope(backend); Gradients gradients = new Gradients(backend)) {
      Tensor x = scope.floats(new float[6], 3, 2);
      gradients.add(x.view(6), scope.floats(new float[] {1, 2, 3, 4, 5, 6}, 6));
      assertThat(gradients.get(x).shape()).containsExactly(3, 2);
      assertThat(gradients.get(x.view(2, 3)).toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(gradients.get(x.slice(1, 1))).isNull();
      gradients.add(x.slice(1, 1), scope.floats(new float[] {7, 8}, 1, 2));
      assertThat(gradients.get(x.slice(1, 1)).toFloats()).containsExactly(7, 8);
      assertThat(gradients.get(x).toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void a_copy_leaves_the_given_gradient_alone() {
    try (Scope scope = new Scope(backend); Gradients gradients = new Gradients(backend)) {
      Tensor x = scope.floats(new float[1], 1);
      Tensor g = scope.floats(new float[] {2}, 1);
      gradients.addCopy(x, g);
      gradients.add(x, g);
      assertThat(gradients.get(x).toFloats()).containsExactly(4);
      assertThat(g.toFloats()).containsExactly(2);
    }
  }

  @Test
  void gradients_of_several_passes_add_up() {
    try (Scope leaves = new Scope(backend); Gradients gradients = new Gradients(backend)) {
      Tensor x = leaves.floats(new float[] {3}, 1).tracked();
      for (int pass = 0; pass < 3; pass++) {
        try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
          Tensor y = new Ops(backend, tape, scope).scale(x, 2);
          tape.backward(y, scope.floats(new float[] {1}, 1), gradients);
        }
      }
      assertThat(gradients.get(x).toFloats()).containsExactly(6);
    }
  }

  @Test
  void saved_tensors_outlive_their_scope_and_everything_comes_back() {
    try (Scope leaves = new Scope(backend); Gradients gradients = new Gradients(backend)) {
      Tensor x = leaves.floats(new float[] {3}, 1).tracked();
      Tensor seed = leaves.floats(new float[] {1}, 1);
      long before = backend.bytesInUse();
      try (Tape tape = new Tape(backend)) {
        Tensor y;
        try (Scope scope = new Scope(backend)) {
          Ops ops = new Ops(backend, tape, scope);
          y = ops.multiply(ops.scale(x, 2), x);
        }
        tape.backward(y, seed, gradients);
      }
      assertThat(gradients.get(x).toFloats()).containsExactly(12);
      gradients.clear();
      assertThat(backend.bytesInUse()).isEqualTo(before);
    }
  }

  @Test
  void an_abandoned_tape_gives_everything_back() {
    try (Scope leaves = new Scope(backend)) {
      Tensor x = leaves.floats(new float[] {3}, 1).tracked();
      long before = backend.bytesInUse();
      try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
        Ops ops = new Ops(backend, tape, scope);
        ops.checkpoint(ops.scale(x, 2), (o, t) -> o.multiply(t, t));
      }
      assertThat(backend.bytesInUse()).isEqualTo(before);
    }
  }

  @Test
  void a_chain_holds_two_results_at_a_time() {
    try (Scope scope = new Scope(backend)) {
      Ops ops = new Ops(backend, null, scope);
      Tensor x = scope.floats(new float[1 << 16], 1 << 16);
      long before = backend.bytesInUse();
      Tensor y = ops.chain(x, Collections.nCopies(20, t -> ops.scale(t, 1)));
      assertThat(backend.bytesInUse() - before).isEqualTo(y.bytes());
      assertThat(backend.peakBytes() - before).isLessThanOrEqualTo(3 * y.bytes());
    }
  }

  @Test
  void a_failing_step_gives_everything_back() {
    try (Scope scope = new Scope(backend)) {
      Ops ops = new Ops(backend, null, scope);
      Tensor x = scope.floats(new float[4], 4);
      long before = backend.bytesInUse();
      assertThatThrownBy(() -> ops.chain(x, List.of(t -> ops.scale(t, 1), t -> ops.reshape(t, 5))))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(backend.bytesInUse()).isEqualTo(before);
      assertThat(ops.scope()).isSameAs(scope);
    }
  }
}
