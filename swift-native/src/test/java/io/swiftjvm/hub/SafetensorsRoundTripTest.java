package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.tensor.DType;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsRoundTripTest {
  @TempDir Path folder;

  static List<Path> golden_files() throws IOException {
    try (Stream<Path> files = Files.walk(OracleFiles.path("models"))) {
      return files.filter(f -> f.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("golden_files")
  void a_file_of_the_reference_writer_is_rewritten_byte_for_byte(Path golden) throws IOException {
    Path copy = folder.resolve("copy.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(golden)) {
      SafetensorsWriter writer = new SafetensorsWriter().metadata(file.metadata());
      writer.addAll(file.names().reversed().stream().map(file::entry).toList()).write(copy);
    }
    assertThat(Files.mismatch(golden, copy)).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = EnumSource.Mode.MATCH_NONE, names = {"Q[468].*", "NF4", "F8_BLOCK"})
  void every_dtype_comes_back_with_its_bytes(DType dtype) {
    byte[] bytes = new byte[6 * dtype.bytes()];
    new Random(1).nextBytes(bytes);
    Path path = folder.resolve("x.safetensors");
    new SafetensorsWriter().add("x", dtype, new long[] {2, 3}, MemorySegment.ofArray(bytes)).write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      TensorEntry x = file.entry("x");
      assertThat(x.dtype()).isEqualTo(dtype);
      assertThat(x.shape()).containsExactly(2, 3);
      assertThat(x.elements()).isEqualTo(6);
      assertThat(x.data().mismatch(MemorySegment.ofArray(bytes))).isEqualTo(-1);
      assertThat(x.data().isReadOnly()).isTrue();
    }
  }

  @Test
  void scalars_and_empty_tensors_and_empty_files_are_legal() {
    Path path = folder.resolve("x.safetensors");
    new SafetensorsWriter()
        .add("scalar", new long[0], new float[] {3f})
        .add("empty", new long[] {0, 7}, new float[0])
        .write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.entry("scalar").floats()).containsExactly(3f);
      assertThat(file.entry("empty").floats()).isEmpty();
      assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
    }
    new SafetensorsWriter().write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.names()).isEmpty();
    }
  }

  @Test
  void use_after_close_throws() {
    Path path = folder.resolve("x.safetensors");
    new SafetensorsWriter().add("x", new long[] {1}, new float[] {3f}).write(path);
    SafetensorsFile file = SafetensorsFile.open(path);
    TensorEntry x = file.entry("x");
    file.close();
    file.close();
    assertThatThrownBy(() -> file.entry("x")).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    assertThatThrownBy(x::floats).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_failed_write_leaves_the_old_file_and_no_rest() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.writeString(path, "old");
    assertThatThrownBy(() -> AtomicFile.write(path, out -> {
      throw new IOException("disk full");
    })).hasMessageContaining("x.safetensors").hasMessageContaining("disk full");
    assertThat(path).hasContent("old");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void the_writer_refuses_a_wrong_size_and_a_name_twice() {
    SafetensorsWriter writer = new SafetensorsWriter().add("x", new long[] {1}, new float[1]);
    assertThatThrownBy(() -> writer.add("x", new long[] {1}, new float[1])).hasMessageContaining("twice");
    assertThatThrownBy(() -> writer.add("y", new long[] {2}, new float[1])).hasMessageContaining("needs 8 bytes");
  }
}
