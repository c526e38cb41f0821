package io.swiftjvm.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.Checkpoint;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.ShardedWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.LoadOptions;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.testing.TestDevices;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A Qwen3 made with torch: its float8 weights, and the logits of transformers with the same weights widened. */
class FineGrainedFp8Test {
  private static final LoadOptions OPTIONS = LoadOptions.AS_STORED.formats(QuantFormats.FORMATS);
  private static final Path FOLDER = OracleFiles.path("quant/fp8-block");
  private static final String GATE = "model.layers.0.mlp.gate_proj.weight";

  @TempDir Path folder;

  private static double worst(CausalLm model, SafetensorsFile golden) {
    int[] ids = Arrays.stream(golden.entry("input_ids").longs()).mapToInt(Math::toIntExact).toArray();
    float[] expected = golden.entry("logits").floats();
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(0, ids.length));
      int[] positions = IntStream.range(0, ids.length).toArray();
      float[] found = model.logits(pass, model.hidden(pass, scope.ints(ids), positions)).toFloats();
      return IntStream.range(0, found.length).mapToDouble(i -> Math.abs(found[i] - expected[i])).max().orElseThrow();
    }
  }

  /** ND4J is no dependency here. */
  static Stream<String> devices() {
    return TestDevices.all().filter(device -> !device.equals("nd4j"));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void a_checkpoint_in_fp8_has_the_logits_of_the_reference_and_stays_in_8_bits(String device) {
    try (Backend backend = TestDevices.open(device);
        CausalLm model = CausalLm.load(FOLDER, backend, OPTIONS);
        SafetensorsFile golden = SafetensorsFile.open(FOLDER.resolve("golden.safetensors"))) {
      assertThat(worst(model, golden)).isLessThan(1e-4);
      assertThat(model.linears().get("model.layers.0.mlp.gate_proj").base().weight().value().dtype())
          .isEqualTo(DType.F8_BLOCK);
      // Rows of 160 are no whole blocks.
      assertThat(model.linears().get("model.layers.0.mlp.down_proj").base().weight().value().dtype()).isEqualTo(DType.F32);
      assertThat(backend.fallbacks().counts()).hasEntrySatisfying(
          "weights of f8_e4m3: rows are no whole blocks of 128, widened to float32", n -> assertThat(n).isEqualTo(1));
    }
  }

  private void written(String name, long at, byte... bytes) throws IOException {
    List<TensorEntry> all = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      for (String tensor : checkpoint.names()) {
        TensorEntry entry = checkpoint.get(tensor);
        if (tensor.equals(name)) {
          byte[] changed = entry.data().toArray(ValueLayout.JAVA_BYTE);
          System.arraycopy(bytes, 0, changed, (int) at, bytes.length);
          entry = new TensorEntry(tensor, entry.dtype(), entry.shape(), MemorySegment.ofArray(changed));
        }
        all.add(entry);
      }
      ShardedWriter.write(folder, all);
    }
    Files.copy(FOLDER.resolve("config.json"), folder.resolve("config.json"));
  }

  @Test
  void a_weight_that_is_no_number_is_refused_by_its_name() throws IOException {
    written(GATE, 77, (byte) 0xff);
    try (Backend backend = Devices.cpu(1)) {
      assertThatThrownBy(() -> CausalLm.load(folder, backend, OPTIONS)).isInstanceOf(ModelFormatException.class)
          .hasMessageContainingAll(GATE, "77");
    }
  }

  @Test
  void a_scale_that_is_no_number_is_refused_by_its_name() throws IOException {
    written(GATE + "_scale_inv", 0, (byte) 0, (byte) 0, (byte) 0xc0, (byte) 0x7f);
    try (Backend backend = Devices.cpu(1)) {
      assertThatThrownBy(() -> CausalLm.load(folder, backend, OPTIONS)).isInstanceOf(ModelFormatException.class)
          .hasMessageContainingAll(GATE, "NaN");
    }
  }
}
