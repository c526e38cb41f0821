package io.swiftjvm.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.error.InvalidPlanException;
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
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitsAndBytesTest {
  private static final LoadOptions OPTIONS = LoadOptions.AS_STORED.formats(QuantFormats.FORMATS);
  private static final Path FOLDER = OracleFiles.path("quant/bnb-nf4-double");
  private static final String WEIGHT = "model.layers.0.self_attn.q_proj.weight";

  @TempDir Path folder;

  private static float[] logits(CausalLm model, int[] ids) {
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(0, ids.length));
      int[] positions = IntStream.range(0, ids.length).toArray();
      return model.logits(pass, model.hidden(pass, scope.ints(ids), positions)).toFloats();
    }
  }

  private static double worst(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).max().orElse(0);
  }

  @Test
  void a_checkpoint_of_bitsandbytes_gives_the_weights_and_logits_of_the_reference() {
    try (Backend backend = Devices.cpu(2);
        Scope scope = new Scope(backend);
        CausalLm model = CausalLm.load(FOLDER, backend, OPTIONS);
        SafetensorsFile golden = SafetensorsFile.open(FOLDER.resolve("golden.safetensors"))) {
      int[] ids = Arrays.stream(golden.entry("input_ids").longs()).mapToInt(Math::toIntExact).toArray();
      assertThat(worst(logits(model, ids), golden.entry("logits").floats())).isLessThan(1e-4);
      Tensor packed = model.linears().get("model.layers.0.self_attn.q_proj").base().weight().value();
      assertThat(packed.dtype()).isEqualTo(DType.NF4);
      Tensor wide = scope.floats(packed.shape());
      backend.cast(packed, wide);
      assertThat(worst(wide.toFloats(), golden.entry("dequantised." + WEIGHT).floats())).isLessThan(1e-6);
      assertThatThrownBy(model::trainFull).isInstanceOf(InvalidPlanException.class).hasMessageContaining("quantised");
    }
  }

  @Test
  void the_codes_of_scales_are_those_of_bitsandbytes() {
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      float[] expected = checkpoint.get(WEIGHT + ".nested_quant_map").floats();
      assertThat(DynamicMap.signed()).usingComparatorWithPrecision(1e-7f).containsExactly(expected);
    }
    assertThat(DynamicMap.nearest(DynamicMap.signed(), 2)).isEqualTo(255);
    assertThat(DynamicMap.signed()[DynamicMap.nearest(DynamicMap.signed(), 0)]).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {".absmax", ".nested_absmax", ".nested_quant_map"})
  void a_checkpoint_that_lacks_a_part_is_refused_by_its_name(String part) throws IOException {
    List<TensorEntry> left = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER); Backend backend = Devices.cpu(1)) {
      checkpoint.names().stream().filter(name -> !name.equals(WEIGHT + part)).map(checkpoint::get).forEach(left::add);
      ShardedWriter.write(folder, left);
      Files.copy(FOLDER.resolve("config.json"), folder.resolve("config.json"));
      assertThatThrownBy(() -> CausalLm.load(folder, backend, OPTIONS)).isInstanceOf(ModelFormatException.class)
          .hasMessageContainingAll(WEIGHT, part);
      assertThatThrownBy(() -> CausalLm.load(folder, backend)).isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("bitsandbytes");
    }
  }
}
