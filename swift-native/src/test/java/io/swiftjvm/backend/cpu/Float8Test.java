package io.swiftjvm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.Agreement;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against torch's {@code .to(torch.float8_..)}: all 256 codes, and every number, middle and neighbour of a middle. */
class Float8Test {
  @ParameterizedTest
  @CsvSource({"F8_E4M3,e4m3fn", "F8_E5M2,e5m2"})
  void every_code_is_widened_and_every_number_rounded_as_torch_does_it(DType type, String file) throws IOException {
    ByteBuffer golden = ByteBuffer.wrap(Files.readAllBytes(OracleFiles.path("float8/" + file + ".bin")))
        .order(ByteOrder.LITTLE_ENDIAN);
    float[] wide = new float[256];
    golden.asFloatBuffer().get(wide);
    float[] numbers = new float[(golden.capacity() - 1024) / 5];
    golden.position(1024).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(numbers);
    byte[] rounded = new byte[numbers.length];
    golden.position(1024 + 4 * numbers.length).get(rounded);
    byte[] codes = new byte[256];
    for (int i = 0; i < 256; i++) {
      codes[i] = (byte) i;
    }
    Agreement.all().forEach(backend -> {
      try (backend; Scope scope = new Scope(backend)) {
        Tensor stored = scope.tensor(type, 256);
        backend.upload(MemorySegment.ofArray(codes), stored);
        Tensor out = scope.floats(256);
        backend.cast(stored, out);
        assertThat(out.toFloats()).as(backend.description()).containsExactly(wide);
        Tensor narrow = scope.tensor(type, numbers.length);
        backend.cast(scope.floats(numbers, numbers.length), narrow);
        byte[] found = new byte[numbers.length];
        backend.download(narrow, MemorySegment.ofArray(found));
        assertThat(found).as(backend.description()).isEqualTo(rounded);
      }
    });
  }

  @Test
  void float8_without_a_scale_is_not_multiplied_with() {
    try (Backend backend = new CpuBackend(1); Scope scope = new Scope(backend)) {
      Tensor weight = scope.tensor(DType.F8_E4M3, 4, 16);
      assertThatThrownBy(() -> backend.matmul(scope.floats(1, 16), false, weight, true, scope.floats(1, 4), 1, 0))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("float32, bf16 or fp16");
    }
  }
}
