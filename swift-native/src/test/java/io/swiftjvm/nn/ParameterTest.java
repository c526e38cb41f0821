package io.swiftjvm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ParameterTest {
  private final Backend backend = Devices.cpu(1);
  private final Scope scope = new Scope(backend);

  @AfterEach
  void close() {
    scope.close();
    backend.close();
  }

  @Test
  void a_trainable_weight_wants_a_gradient_also_after_it_was_replaced() {
    Parameter p = new Parameter("w", scope.floats(2, 3));
    assertThat(p.value().requiresGrad()).isFalse();
    p.trainable(true);
    p.replace(scope.floats(2, 3));
    assertThat(p.value().requiresGrad()).isTrue();
    p.trainable(false);
    assertThat(p.value().requiresGrad()).isFalse();
    assertThat(p.trainable()).isFalse();
  }

  @Test
  void only_float32_weights_are_trained_and_only_the_same_size_replaces() {
    Parameter p = new Parameter("w", scope.tensor(DType.BF16, 2, 3));
    assertThatThrownBy(() -> p.trainable(true)).isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("w", "BF16");
    assertThatThrownBy(() -> p.replace(scope.floats(5))).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_dense_projection_multiplies_by_the_transposed_weight() {
    Parameter w = new Parameter("w", scope.floats(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
    Parameter bias = new Parameter("b", scope.floats(new float[] {10, 20, 30}, 3));
    DenseLinear linear = new DenseLinear(w, bias);
    Pass pass = Pass.of(new Ops(backend, null, scope), AttentionContext.packed(0, 1));
    Tensor y = linear.forward(pass, scope.floats(new float[] {1, -1}, 1, 2));
    assertThat(y.toFloats()).containsExactly(9, 19, 29);
    assertThat(linear.inFeatures()).isEqualTo(2);
    assertThat(linear.outFeatures()).isEqualTo(3);
    assertThat(linear.parameters()).containsExactly(w, bias);
    assertThat(linear.base()).isSameAs(linear);
    assertThat(pass.adapters(List.of("x")).adapters()).containsExactly("x");
  }
}
