package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.Oracle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LoRA on all projections of every family: used, saved, loaded and merged. */
class FamilyLoraTest {
  @TempDir
  Path temp;

  static Stream<Path> families() throws IOException {
    try (Stream<Path> folders = Files.list(Oracle.path("families"))) {
      return folders.sorted().toList().stream();
    }
  }

  private static void randomise(CausalLm model, LoraAdapter adapter) {
    Seeds random = Seeds.of(3, "family");
    for (Parameter parameter : adapter.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.value().size())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.normal() * 0.1f;
      }
      model.backend().upload(MemorySegment.ofArray(values), parameter.value());
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void an_adapter_comes_back_from_its_files_and_the_merged_model_gives_its_logits(Path folder) {
    long[] ids = {5, 17, 33, 4, 60, 21, 9, 9, 71, 12};
    try (Backend backend = Devices.cpu(2); CausalLm model = CausalLm.load(folder, backend)) {
      float[] bare = Oracle.logits(model, List.of(), ids);
      LoraAdapter adapter = new LoraTransform(LoraSpec.DEFAULT.rank(2).alpha(4), 1).attach(model);
      randomise(model, adapter);
      float[] adapted = Oracle.logits(model, List.of("default"), ids);
      assertThat(Oracle.worst(adapted, bare)).isGreaterThan(1e-2);
      assertThat(Oracle.worst(Oracle.logits(model, List.of(), ids), bare)).isZero();
      AdapterFiles.save(adapter, temp.resolve("adapter"), "base");
      adapter.detach();
      AdapterFiles.attach(model, temp.resolve("adapter"), "again", true);
      assertThat(Oracle.logits(model, List.of("again"), ids)).containsExactly(adapted);
      ModelExport.merge(model, List.of("again"), temp.resolve("merged"), DType.F32, false);
    }
    try (Backend backend = Devices.cpu(2);
        CausalLm model = CausalLm.load(folder, backend);
        CausalLm merged = CausalLm.load(temp.resolve("merged"), backend)) {
      AdapterFiles.attach(model, temp.resolve("adapter"), "a", false);
      assertThat(Oracle.worst(
          Oracle.logits(merged, List.of(), ids), Oracle.logits(model, List.of("a"), ids))).isLessThan(2e-4);
    }
  }
}
