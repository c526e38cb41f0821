package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Binary;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a tape keeps, drops and makes again. */
class TapeTest {
  private final CpuBackend backend = new CpuBackend(1);
  private final Scope leaves = new Scope(backend);
  private final Tensor x = leaves.floats(new float[] {.5f, -1, 2, .25f, 1, -2}, 2, 3).tracked();
  private final Tensor w = leaves.floats(new float[] {1, 2, 3, -1, .5f, 2, 0, 1, 1}, 3, 3).tracked();
  private long before;

  @BeforeEach
  void count() {
    before = backend.bytesInUse();
  }

  @AfterEach
  void close() {
    assertThat(backend.bytesInUse()).isEqualTo(before);
    leaves.close();
    backend.close();
  }

  private float[] gradient(boolean thrifty, BiFunction<Ops, Tensor[], Tensor> body) {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients gradients = new Gradients(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor[] seen = new Tensor[1];
      Tensor y = thrifty ? ops.thrifty(() -> ops.local(() -> body.apply(ops, seen)))
          : ops.local(() -> body.apply(ops, seen));
      if (thrifty && seen[0] != null) {
        assertThat(seen[0].storage().isOpen()).isFalse();
      }
      tape.backward(y, scope.floats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3), gradients);
      return gradients.get(w).toFloats();
    }
  }

  @Test
  void the_result_of_an_operation_that_nothing_needs_is_not_kept() {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend); Gradients gradients = new Gradients(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor[] middle = new Tensor[1];
      Tensor y = ops.local(() -> {
        middle[0] = ops.linear(x, w, null);
        return ops.add(middle[0], x);
      });
      assertThat(middle[0].storage().isOpen()).isFalse();
      tape.backward(y, scope.floats(new float[6], 2, 3), gradients);
    }
  }

  @Test
  void what_is_made_again_gives_the_same_bits_also_if_it_was_changed_in_place() {
    BiFunction<Ops, Tensor[], Tensor> body = (ops, seen) -> {
      Tensor cos = ops.scope().floats(new float[] {.6f, .8f}, 2, 1);
      Tensor sin = ops.scope().floats(new float[] {.8f, .6f}, 2, 1);
      seen[0] = ops.activation(Unary.SILU, ops.linear(x, w, null));
      Tensor turned = ops.rope(ops.reshape(seen[0], 2, 1, 3), cos, sin, false);
      return ops.linear(ops.multiply(ops.dropout(ops.reshape(turned, 2, 3), .3f, 5), x), w, null);
    };
    assertThat(gradient(true, body)).isEqualTo(gradient(false, body));
  }

  @Test
  void a_result_that_was_overwritten_stays() {
    BiFunction<Ops, Tensor[], Tensor> body = (ops, seen) -> {
      Tensor y = ops.activation(Unary.SILU, ops.linear(x, w, null));
      ops.overwritten(y);
      ops.backend().binary(Binary.ADD, y, y, y);
      return ops.linear(y, w, null);
    };
    assertThat(gradient(true, body)).isEqualTo(gradient(false, body));
  }

  @Test
  void what_somebody_else_holds_stays_and_a_tape_that_never_ran_backward_leaves_nothing() {
    try (Scope scope = new Scope(backend); Tape tape = new Tape(backend)) {
      Ops ops = new Ops(backend, tape, scope);
      Tensor[] held = new Tensor[2];
      ops.thrifty(() -> {
        held[0] = ops.activation(Unary.TANH, x);
        ops.local(() -> {
          held[1] = ops.activation(Unary.TANH, x);
          return ops.linear(held[1], w, null);
        });
        return ops.linear(held[0], w, null);
      });
      assertThat(held[0].toFloats()[0]).isCloseTo((float) Math.tanh(.5), within(1e-6f));
      assertThatIllegalStateException().isThrownBy(held[1]::toFloats);
    }
  }
}
