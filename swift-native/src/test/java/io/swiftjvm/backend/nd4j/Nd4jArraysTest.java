package io.swiftjvm.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.backend.Unary;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Storage;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class Nd4jArraysTest {
  @Test
  void a_tensor_and_its_array_are_one_memory() {
    try (Backend cpu = Devices.cpu(1); Scope scope = new Scope(cpu)) {
      Tensor x = scope.floats(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2);
      try (Nd4jArrays.View view = Nd4jArrays.view(x.slice(1, 2))) {
        assertThat(view.array().shape()).containsExactly(2, 2);
        assertThat(view.array().sumNumber().floatValue()).isEqualTo(3 + 4 + 5 + 6);
        view.array().putScalar(1, 0, 50);
        cpu.fill(x.slice(1, 1), 9);
        assertThat(view.array().getFloat(0, 1)).isEqualTo(9);
      }
      assertThat(x.toFloats()).containsExactly(1, 2, 9, 9, 50, 6, 7, 8);
      try (Nd4jArrays.View ids = Nd4jArrays.view(scope.ints(7, 8))) {
        assertThat(ids.array().getInt(1)).isEqualTo(8);
      }
    }
  }

  @Test
  void an_open_view_keeps_the_memory_when_its_scope_is_closed() {
    try (Backend cpu = Devices.cpu(1)) {
      Nd4jArrays.View view;
      Tensor x;
      try (Scope scope = new Scope(cpu)) {
        x = scope.floats(new float[] {1, 2}, 2);
        view = Nd4jArrays.view(x);
      }
      assertThat(view.array().getFloat(1)).isEqualTo(2);
      view.close();
      assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void an_array_is_an_operand_of_our_kernels_and_sees_what_they_write() {
    INDArray array = Nd4j.createFromArray(new float[][] {{1, 4}, {9, 16}});
    Tensor x = Nd4jArrays.tensor(array);
    try (Backend cpu = Devices.cpu(1)) {
      cpu.unary(Unary.SQRT, x, x);
    }
    assertThat(array.ravel().toFloatVector()).containsExactly(1, 2, 3, 4);
    Tensor rows = Nd4jArrays.tensor(array.get(NDArrayIndex.interval(1, 2), NDArrayIndex.all()));
    assertThat(rows.toFloats()).containsExactly(3, 4);
    assertThat(Nd4jArrays.tensor(Nd4j.createFromArray(3, 5)).toInts()).containsExactly(3, 5);
    assertThat(Nd4jArrays.tensor(array.castTo(DataType.HALF)).dtype()).isEqualTo(DType.F16);
  }

  @Test
  void what_no_tensor_can_look_at_is_refused_with_the_cure() {
    INDArray array = Nd4j.rand(DataType.FLOAT, 3, 4);
    assertThatThrownBy(() -> Nd4jArrays.tensor(array.transpose())).isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("[4, 3]", "dup('c')");
    assertThatThrownBy(() -> Nd4jArrays.tensor(array.getColumns(0, 1).dup('f'))).hasMessageContaining("dup('c')");
    assertThatThrownBy(() -> Nd4jArrays.tensor(array.castTo(DataType.DOUBLE)))
        .hasMessageContainingAll("DOUBLE", "castTo");
    try (Backend cpu = Devices.cpu(1); Scope scope = new Scope(cpu); Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> Nd4jArrays.view(scope.tensor(DType.BF16, 2))).hasMessageContainingAll("bf16", "cast");
      MemorySegment mapped = arena.allocate(8).asReadOnly();
      Tensor readOnly = Tensor.of(Storage.external(mapped, () -> {}), DType.F32, 2);
      assertThatThrownBy(() -> Nd4jArrays.view(readOnly)).hasMessageContaining("read-only");
    }
  }

  @Test
  void weights_of_half_width_are_widened_when_they_are_loaded_and_memory_elsewhere_is_refused() {
    try (Backend nd4j = Devices.open("nd4j"); Backend cpu = Devices.cpu(1); Scope scope = new Scope(cpu)) {
      assertThat(nd4j.weightType(DType.BF16)).isEqualTo(DType.F32);
      assertThat(nd4j.description()).contains("ND4J");
      Tensor x = scope.floats(3);
      assertThatThrownBy(() -> nd4j.scale(x, 2, x)).hasMessageContaining("not on the device nd4j");
    }
  }
}
