package io.swiftjvm.autograd;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gradients of the operations that families are composed of, against central differences. */
class BlocksGradientTest {
  private final Backend backend = Devices.cpu();

  @AfterEach
  void close() {
    backend.close();
  }

  private GradientCheck with(long[]... shapes) {
    GradientCheck check = new GradientCheck(backend);
    for (long[] shape : shapes) {
      check.input(shape);
    }
    return check;
  }

  private static long[] shape(long... dims) {
    return dims;
  }

  @Test
  void slices_and_joins_of_columns_and_rows() {
    with(shape(4, 6), shape(4, 3)).check((ops, in) -> Slices.joinColumns(ops, List.of(
        Slices.columns(ops, in.get(0), 1, 3), in.get(1), Slices.columns(ops, in.get(0), 0, 2))));
    with(shape(5, 3), shape(2, 3)).check((ops, in) -> Slices.joinRows(ops, List.of(
        Slices.rows(ops, in.get(0), 0, 2), in.get(1), Slices.rows(ops, in.get(0), 1, 3))));
    with(shape(4, 3)).check((ops, in) -> Slices.scatterRows(ops, in.get(0), ops.scope().ints(2, 0, 2, 1), 3));
    with(shape(4, 3)).check((ops, in) -> ops.selectRows(in.get(0), ops.scope().ints(2, 0, 2, 1)));
  }

  @Test
  void rows_and_columns_that_are_added_and_multiplied() {
    with(shape(4, 6), shape(6)).check((ops, in) -> Broadcasts.addRow(ops, in.get(0), in.get(1)));
    with(shape(4, 6), shape(6)).check((ops, in) -> Broadcasts.multiplyRow(ops, in.get(0), in.get(1)));
    with(shape(4, 6), shape(4)).check((ops, in) -> Broadcasts.multiplyColumn(ops, in.get(0), in.get(1)));
    with(shape(4, 6), shape(6), shape(6))
        .check((ops, in) -> Broadcasts.layerNorm(ops, in.get(0), in.get(1), in.get(2), 1e-5f));
    with(shape(3, 5)).check((ops, in) -> Broadcasts.softCap(ops, in.get(0), 2));
    with(shape(3, 5)).check((ops, in) -> Broadcasts.atMost(ops, in.get(0), 3));
  }

  @Test
  void losses_of_target_values_and_means_over_texts() {
    float[] targets = {0, 1, 0.5f, 1, 0, 1};
    for (TargetLoss loss : TargetLoss.values()) {
      with(shape(2, 3)).check((ops, in) -> loss.of(ops, in.get(0), targets));
    }
    for (Pooling pooling : Pooling.values()) {
      with(shape(7, 3)).check((ops, in) -> pooling.of(ops, in.get(0), 0, 2, 7));
    }
  }

  @Test
  void products_with_a_stack_of_matrices() {
    int[] offsets = {0, 2, 2, 5};
    with(shape(5, 3), shape(3, 3, 4), shape(3, 4))
        .check((ops, in) -> GroupedMatmul.apply(ops, in.get(0), in.get(1), in.get(2), offsets));
    with(shape(5, 3), shape(3, 4), shape(4))
        .check((ops, in) -> GroupedMatmul.single(ops, in.get(0), in.get(1), in.get(2)));
  }

  @Test
  void attention_with_a_sink() {
    AttentionSpec spec = new AttentionSpec(2, 1, 4, 4, 0.5f, 3, 0);
    with(shape(6, 8), shape(6, 4), shape(6, 4), shape(2)).check((ops, in) ->
        ops.attention(in.get(0), in.get(1), in.get(2), spec, Segments.packed(0, 4, 6), in.get(3)));
  }

  @ParameterizedTest
  @EnumSource
  void the_weights_of_a_router(RouterSpec.Score score) {
    for (boolean normalise : new boolean[] {true, false}) {
      RouterSpec spec = new RouterSpec(score, 6, 2, normalise, 1.5f, 3, 2, RouterSpec.GroupScore.TWO_BEST);
      with(shape(5, 6)).check((ops, in) -> {
        Tensor bias = ops.scope().floats(new float[] {0.3f, 0, 0, -0.2f, 0, 0.1f}, 6);
        return Routing.of(ops, in.get(0), bias, spec).weights();
      });
    }
  }

  @Test
  void a_convolution_over_rows_and_the_delta_rule() {
    List<Recurrence> runs = List.of(new Recurrence(0, 5, null, null), new Recurrence(5, 3, null, null));
    with(shape(8, 3), shape(3, 1, 4)).check((ops, in) -> CausalConv.apply(ops, in.get(0), in.get(1), runs));
    DeltaRule.Spec spec = new DeltaRule.Spec(1, 2, 3, 2);
    with(shape(8, 3), shape(8, 3), shape(8, 4), shape(8, 2), shape(8, 2)).tolerance(4e-3).check((ops, in) ->
        DeltaRule.apply(ops, ops.scale(in.get(0), 0.5f), ops.scale(in.get(1), 0.4f), in.get(2),
            ops.scale(ops.activation(Unary.SIGMOID, in.get(3)), -1), ops.activation(Unary.SIGMOID, in.get(4)), spec,
            runs));
  }
}
