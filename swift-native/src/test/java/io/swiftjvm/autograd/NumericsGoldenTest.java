package io.swiftjvm.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Activations, norms and cross-entropy of torch. */
class NumericsGoldenTest {
  private final Backend backend = Devices.cpu(2);
  private final SafetensorsFile golden = SafetensorsFile.open(OracleFiles.path("misc/numerics.safetensors"));
  private final Scope scope = new Scope(backend);
  private final Tape tape = new Tape(backend);
  private final Gradients gradients = new Gradients(backend);
  private final Ops ops = new Ops(backend, tape, scope);

  @AfterEach
  void close() {
    gradients.close();
    tape.close();
    scope.close();
    golden.close();
    backend.close();
  }

  private Tensor tensor(String name) {
    return scope.floats(golden.entry(name).floats(), golden.entry(name).shape()).tracked();
  }

  private void same(float[] found, String name) {
    float[] wanted = golden.entry(name).floats();
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).as("%s[%s]", name, i)
          .isCloseTo(wanted[i], within(1e-6f * Math.max(1, Math.abs(wanted[i]))));
    }
  }

  @ParameterizedTest
  @CsvSource({"gelu,GELU", "gelu_new,GELU_TANH", "gelu_pytorch_tanh,GELU_TANH", "gelu_fast,GELU_TANH", "silu,SILU",
    "swish,SILU", "relu,RELU", "tanh,TANH", "sigmoid,SIGMOID"})
  void activations_and_their_gradients(String name, Unary kind) {
    Tensor x = tensor("x");
    Tensor y = ops.activation(kind, x);
    same(y.toFloats(), name);
    float[] ones = new float[(int) x.size()];
    Arrays.fill(ones, 1);
    tape.backward(y, scope.floats(ones, x.shape()), gradients);
    same(gradients.get(x).toFloats(), name + ".grad");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e-06", "1e-05"})
  void rms_norm_and_its_gradients(String eps) {
    Tensor x = tensor("norm.x");
    Tensor w = tensor("norm.w");
    Tensor y = ops.rmsNorm(x, w, 0, Float.parseFloat(eps));
    same(y.toFloats(), "rmsnorm.eps" + eps);
    Tensor square = ops.multiply(y, y);
    float[] ones = new float[(int) x.size()];
    Arrays.fill(ones, 1);
    tape.backward(square, scope.floats(ones, x.shape()), gradients);
    same(gradients.get(x).toFloats(), "rmsnorm.eps" + eps + ".grad_x");
    same(gradients.get(w).toFloats(), "rmsnorm.eps" + eps + ".grad_w");
  }

  @Test
  void cross_entropy_and_its_gradient() {
    Tensor logits = tensor("ce.logits");
    int[] labels = Arrays.stream(golden.entry("ce.labels").longs()).mapToInt(Math::toIntExact).toArray();
    int[] rows = IntStream.range(0, labels.length).filter(i -> labels[i] != -100).toArray();
    Tensor selected = ops.selectRows(logits, scope.ints(rows));
    float[] identity = new float[11 * 11];
    IntStream.range(0, 11).forEach(i -> identity[12 * i] = 1);
    FusedLoss.Loss loss = FusedLoss.linearCrossEntropy(ops, selected, scope.floats(identity, 11, 11), null,
        Arrays.stream(rows).map(i -> labels[i]).toArray(), null, rows.length);
    same(loss.loss().toFloats(), "ce.smooth0.0.loss");
    tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), gradients);
    same(gradients.get(logits).toFloats(), "ce.smooth0.0.grad");
  }
}
