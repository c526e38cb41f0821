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
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuantSpecTest {
  private static final Path MODEL = OracleFiles.path("models/llama3");
  @TempDir Path folder;

  static Stream<QuantSpec> specs() {
    return Stream.concat(Stream.of(QuantSpec.nf4(), QuantSpec.nf4().doubleQuant(false)),
        Stream.of(32, 64, 128).flatMap(group -> Stream.of(QuantSpec.int8(), QuantSpec.int4())
            .flatMap(spec -> Stream.of(spec.group(group), spec.group(group).zeroPoint(true)))));
  }

  @ParameterizedTest
  @MethodSource("specs")
  void a_model_that_is_quantised_in_memory_answers_nearly_the_same(QuantSpec spec) {
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(MODEL, backend)) {
      float[] before = logits(model);
      spec.apply(model);
      float[] after = logits(model);
      double rms = 0;
      double size = 0;
      for (int i = 0; i < after.length; i++) {
        rms += Math.pow(after[i] - before[i], 2);
        size += Math.pow(before[i], 2);
      }
      // Eight bits keep two digits, four bits of random weights one.
      assertThat(Math.sqrt(rms / size)).isBetween(1e-4, spec.format() == QuantSpec.Format.INT8 ? 0.03 : 0.4);
      assertThat(model.linears().get("model.layers.0.mlp.up_proj").base().weight().value().dtype()).isEqualTo(spec.type());
    }
  }

  @ParameterizedTest
  @MethodSource("specs")
  void weights_that_are_kept_beside_the_checkpoint_are_mapped_the_next_time(QuantSpec spec) throws IOException {
    copy(MODEL);
    float[] plain = quantised(spec);
    assertThat(folder.resolve(".swift")).doesNotExist();
    assertThat(quantised(spec.cached(true))).containsExactly(plain);
    Path file = kept();
    FileTime written = Files.getLastModifiedTime(file);
    assertThat(quantised(spec.cached(true))).containsExactly(plain);
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
  }

  @Test
  void what_was_kept_of_other_weights_or_is_damaged_is_made_anew() throws IOException {
    copy(MODEL);
    QuantSpec spec = QuantSpec.int4().cached(true);
    float[] first = quantised(spec);
    Path file = kept();
    Files.write(file, new byte[] {1, 2, 3});
    assertThat(quantised(spec)).containsExactly(first);
    Files.setLastModifiedTime(folder.resolve("model.safetensors"), FileTime.fromMillis(1_000_000));
    assertThat(quantised(spec)).containsExactly(first);
    try (SafetensorsFile stored = SafetensorsFile.open(file)) {
      assertThat(stored.metadata().get("source")).contains("model.safetensors", ":1000000");
    }
  }

  @Test
  void what_was_kept_of_the_same_files_in_another_type_is_made_anew() throws IOException {
    copy(MODEL);
    QuantSpec spec = QuantSpec.int8().cached(true);
    quantised(spec);
    LoadOptions half = new LoadOptions(DType.F16);
    float[] plain = quantised(spec.cached(false), half);
    assertThat(quantised(spec, half)).containsExactly(plain);
  }

  @Test
  void a_folder_that_cannot_be_written_is_a_refusal_that_names_it() throws IOException {
    copy(MODEL);
    Files.writeString(folder.resolve(".swift"), "a file");
    assertThatThrownBy(() -> quantised(QuantSpec.int8().cached(true))).isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(".swift", "quant_cache");
  }

  @Test
  void a_weight_that_is_no_number_is_named() throws IOException {
    String name = "model.layers.0.mlp.up_proj.weight";
    List<TensorEntry> entries = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(MODEL)) {
      checkpoint.names().stream().map(checkpoint::get).forEach(entry -> {
        if (entry.name().equals(name)) {
          MemorySegment data = MemorySegment.ofArray(entry.data().toArray(ValueLayout.JAVA_BYTE));
          data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 400, (short) 0x7fc0); // bf16
          entries.add(new TensorEntry(name, entry.dtype(), entry.shape(), data));
        } else {
          entries.add(entry);
        }
      });
      ShardedWriter.write(folder, entries);
    }
    Files.copy(MODEL.resolve("config.json"), folder.resolve("config.json"));
    for (QuantSpec spec : List.of(QuantSpec.int8(), QuantSpec.int4().group(128), QuantSpec.nf4())) {
      assertThatThrownBy(() -> quantised(spec)).isInstanceOf(ModelFormatException.class)
          .hasMessageContainingAll(name, "NaN or infinite");
    }
  }

  @Test
  void groups_that_are_not_there_are_refused() {
    assertThatThrownBy(() -> QuantSpec.int4().group(48)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContainingAll("group_size is 48", "32, 64 or 128");
    assertThatThrownBy(() -> QuantSpec.nf4().group(128)).isInstanceOf(InvalidPlanException.class);
    assertThatThrownBy(() -> QuantSpec.nf4().zeroPoint(true)).isInstanceOf(InvalidPlanException.class);
  }

  private void copy(Path model) throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(model.resolve(name), folder.resolve(name));
    }
  }

  private Path kept() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(".swift"))) {
      return files.toList().getFirst();
    }
  }

  private float[] quantised(QuantSpec spec) {
    return quantised(spec, LoadOptions.AS_STORED);
  }

  private float[] quantised(QuantSpec spec, LoadOptions options) {
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend, options)) {
      spec.apply(model);
      return logits(model);
    }
  }

  private static float[] logits(CausalLm model) {
    int[] ids = IntStream.range(5, 25).toArray();
    try (Scope scope = new Scope(model.backend())) {
      Pass pass = Pass.of(new Ops(model.backend(), null, scope), AttentionContext.packed(0, ids.length));
      return model.logits(pass, model.hidden(pass, scope.ints(ids), IntStream.range(0, ids.length).toArray())).toFloats();
    }
  }
}
