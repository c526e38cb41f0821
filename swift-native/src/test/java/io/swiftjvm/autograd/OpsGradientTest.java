package io.swiftjvm.autograd;

import io.swiftjvm.backend.AttentionSpec;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Segments;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every differentiable operation against finite differences. */
class OpsGradientTest {
  private final Backend backend = Devices.cpu(2);

  @AfterEach
  void close() {
    backend.close();
  }

  private GradientCheck inputs(long[]... shapes) {
    GradientCheck check = new GradientCheck(backend);
    List.of(shapes).forEach(check::input);
    return check;
  }

  private static long[] of(long... shape) {
    return shape;
  }

  @Test
  void linear_with_bias() {
    inputs(of(3, 4), of(5, 4), of(5)).check((ops, in) -> ops.linear(in.get(0), in.get(1), in.get(2)));
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "BF16", "F16"})
  void linear_through_a_frozen_weight_of_any_float_type(DType dtype) {
    inputs(of(3, 4)).check((ops, in) -> {
      Tensor w = ops.scope().tensor(dtype, 5, 4);
      Tensor bias = ops.scope().tensor(dtype, 5);
      Tensor values = ops.scope().floats(new float[] {
        .5f, -1, 2, .25f, 1, 1, -2, 0, .75f, 3, -.5f, 1, 0, 0, 1, -1, 2, .5f, .5f, 1}, 5, 4);
      ops.backend().cast(values, w);
      ops.backend().cast(values.view(20).slice(0, 5), bias);
      return ops.linear(in.get(0), w, bias);
    });
  }

  @Test
  void low_rank_update_written_over_a_linear() {
    inputs(of(3, 4), of(5, 4), of(2, 4), of(5, 2)).check((ops, in) -> ops.addLowRank(
        ops.linear(in.get(0), in.get(1), null), in.get(0), in.get(2), in.get(3), .7f));
  }

  @Test
  void two_low_rank_updates_over_one_another() {
    inputs(of(3, 4), of(2, 4), of(5, 2)).check((ops, in) -> {
      Tensor w = ops.floats(5, 4);
      ops.backend().fill(w, .3f);
      Tensor y = ops.addLowRank(ops.linear(in.get(0), w, null), in.get(0), in.get(1), in.get(2), .7f);
      return ops.addLowRank(y, in.get(0), in.get(1), in.get(2), -.2f);
    });
  }

  @Test
  void add() {
    inputs(of(3, 4), of(3, 4)).check((ops, in) -> ops.add(in.get(0), in.get(1)));
    inputs(of(3, 4)).check((ops, in) -> ops.add(in.get(0), in.get(0)));
  }

  @Test
  void a_tensor_used_in_two_branches() {
    inputs(of(2, 3)).check((ops, in) -> {
      Tensor x = ops.scale(in.get(0), 2);
      Tensor a = ops.add(x, ops.activation(Unary.TANH, x));
      return ops.add(ops.scale(a, .5f), ops.multiply(a, x));
    });
  }

  @Test
  void multiply() {
    inputs(of(3, 4), of(3, 4)).check((ops, in) -> ops.multiply(in.get(0), in.get(1)));
    inputs(of(3, 4)).check((ops, in) -> ops.multiply(in.get(0), in.get(0)));
  }

  @Test
  void scale_and_reshape() {
    inputs(of(3, 4)).check((ops, in) -> ops.reshape(ops.scale(ops.reshape(in.get(0), 12), -1.5f), 2, 6));
  }

  @ParameterizedTest
  @EnumSource(value = Unary.class, names = {"SIGMOID", "TANH", "SILU", "GELU", "GELU_TANH"})
  void activation_and_gate(Unary kind) {
    inputs(of(3, 4)).check((ops, in) -> ops.activation(kind, in.get(0)));
    inputs(of(3, 4), of(3, 4)).check((ops, in) -> ops.gated(kind, in.get(0), in.get(1)));
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 1})
  void rms_norm(float shift) {
    inputs(of(3, 6), of(6)).check((ops, in) -> ops.rmsNorm(in.get(0), in.get(1), shift, 1e-5f));
    inputs(of(2, 3, 4), of(4)).check((ops, in) -> ops.rmsNorm(in.get(0), in.get(1), shift, 1e-5f));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rope_over_a_fresh_result(boolean interleaved) {
    inputs(of(3, 2, 6)).check((ops, in) -> {
      Tensor cos = ops.scope().floats(new float[] {1, 1, .5f, .8f, -.3f, .1f}, 3, 2);
      Tensor sin = ops.scope().floats(new float[] {0, 0, .9f, .6f, .95f, .99f}, 3, 2);
      return ops.rope(ops.scale(in.get(0), 1), cos, sin, interleaved);
    });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void attention_with_groups_and_segments(int window) {
    AttentionSpec spec = new AttentionSpec(4, 2, 3, 2, .5f, window, 0);
    Segments segments = Segments.packed(0, 3, 5);
    inputs(of(5, 4, 3), of(5, 2, 3), of(5, 2, 2)).check(
        (ops, in) -> ops.attention(in.get(0), in.get(1), in.get(2), spec, segments));
  }

  @Test
  void attention_with_a_soft_cap() {
    AttentionSpec spec = new AttentionSpec(2, 1, 3, 3, .8f, 0, 1.5f);
    inputs(of(4, 2, 3), of(4, 1, 3), of(4, 1, 3)).check(
        (ops, in) -> ops.attention(in.get(0), in.get(1), in.get(2), spec, Segments.packed(0, 4)));
  }

  @Test
  void embedding_and_rows() {
    inputs(of(6, 3)).check((ops, in) -> ops.embedding(in.get(0), ops.scope().ints(1, 4, 1, 0)));
    inputs(of(6, 3)).check((ops, in) -> ops.selectRows(in.get(0), ops.scope().ints(5, 0, 2)));
  }

  @Test
  void dropout() {
    inputs(of(4, 8)).check((ops, in) -> ops.dropout(in.get(0), .4f, 77));
    inputs(of(4, 8)).check((ops, in) -> ops.scale(ops.dropout(in.get(0), 0, 77), 2));
  }

  @Test
  void checkpoint_and_local_and_chain() {
    inputs(of(3, 4), of(4, 4)).check((ops, in) -> ops.checkpoint(in.get(0),
        (o, x) -> o.local(() -> o.activation(Unary.SILU, o.linear(o.activation(Unary.TANH, x), in.get(1), null)))));
    inputs(of(3, 4), of(4, 4)).check((ops, in) -> ops.thrifty(
        () -> ops.local(() -> ops.activation(Unary.SILU, ops.linear(ops.activation(Unary.TANH, in.get(0)), in.get(1), null)))));
    inputs(of(3, 4), of(4, 4)).check((ops, in) -> ops.chain(in.get(0), List.of(
        x -> ops.linear(x, in.get(1), null), x -> ops.activation(Unary.TANH, x), x -> ops.linear(x, in.get(1), null))));
  }

  @Test
  void linear_cross_entropy() {
    int[] labels = {2, 0, 4};
    inputs(of(3, 4), of(5, 4), of(5)).check((ops, in) -> FusedLoss.linearCrossEntropy(
        ops, in.get(0), in.get(1), in.get(2), labels, new float[] {1, .5f, 2}, 1.7).loss());
  }

  @Test
  void smoothed_and_normalised_losses() {
    for (LossForm form : List.of(
        new LossForm(.1, false, 0), new LossForm(0, false, .02), new LossForm(.2, false, .01))) {
      inputs(of(3, 4), of(5, 4), of(5)).check((ops, in) -> loss(ops, in, form));
    }
  }

  private static Tensor loss(Ops ops, List<Tensor> in, LossForm form) {
    return FusedLoss.rows(ops, in.get(0), 5, (o, x) -> o.linear(x, in.get(1), in.get(2)), in.subList(1, 3),
        new int[] {2, 0, 4}, new float[] {1, .5f, 2}, 1.7, form).loss();
  }
}
