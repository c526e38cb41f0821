package io.swiftjvm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.nn.DenseLinear;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CausalLmLoadTest {
  @TempDir Path folder;

  private final CpuBackend backend = new CpuBackend(2);

  @AfterEach
  void close() {
    assertThat(backend.bytesInUse()).isZero();
    backend.close();
  }

  private void refused(TinyCheckpoint checkpoint, String... parts) {
    checkpoint.write(folder);
    assertThatThrownBy(() -> CausalLm.load(folder, backend)).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(folder.toString()).hasMessageContainingAll(parts);
    assertThat(backend.peakBytes()).isZero();
  }

  @Test
  void a_missing_weight_is_named() {
    refused(TinyCheckpoint.of("llama").without("model.layers.1.mlp.up_proj.weight"),
        "'model.layers.1.mlp.up_proj.weight' [12, 8] is missing");
  }

  @Test
  void an_unexpected_weight_is_named() {
    refused(TinyCheckpoint.of("qwen3").tensor("model.layers.0.self_attn.q_proj.bias", 8).tensor("model.extra", 1),
        "'model.extra' is not expected, and 1 more");
  }

  @Test
  void a_wrong_shape_is_named_with_found_and_expected() {
    refused(TinyCheckpoint.of("mistral").tensor("model.layers.0.self_attn.k_proj.weight", 8, 8),
        "model.layers.0.self_attn.k_proj.weight", "[8, 8]", "[4, 8]");
  }

  @Test
  void a_wrong_type_is_named() {
    TinyCheckpoint.of("llama").write(folder);
    SafetensorsWriter writer = new SafetensorsWriter();
    try (var original = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      original.names().forEach(name -> {
        var entry = original.entry(name);
        if (name.equals("model.norm.weight")) {
          writer.add(name, DType.I32, entry.shape(), entry.data());
        } else {
          writer.add(name, entry.dtype(), entry.shape(), entry.data());
        }
      });
      writer.write(folder.resolve("other.safetensors"));
    }
    assertThat(folder.resolve("other.safetensors").toFile().renameTo(folder.resolve("model.safetensors").toFile()))
        .isTrue();
    assertThatThrownBy(() -> CausalLm.load(folder, backend)).isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("'model.norm.weight' is I32, expected F32, BF16 or F16");
  }

  @Test
  void an_untied_head_may_not_be_missing_and_a_tied_one_must_be_the_token_table() {
    refused(TinyCheckpoint.of("llama").without("lm_head.weight"), "'lm_head.weight' [32, 8] is missing");
    refused(TinyCheckpoint.of("llama").set("tie_word_embeddings", true).tensor("lm_head.weight", 32, 8),
        "lm_head.weight", "tie_word_embeddings");
  }

  @Test
  void a_tied_head_shares_the_parameter() {
    TinyCheckpoint.of("qwen3").set("tie_word_embeddings", true).write(folder);
    try (CausalLm model = CausalLm.load(folder, backend)) {
      List<String> names = model.parameters().stream().map(Parameter::name).toList();
      assertThat(names).hasSize(2 * 11 + 2).doesNotHaveDuplicates().startsWith("model.embed_tokens.weight")
          .endsWith("model.norm.weight").doesNotContain("lm_head.weight");
      assertThat(model.linears().get("lm_head").base().weight()).isSameAs(model.parameters().getFirst());
    }
  }

  @Test
  void constants_of_old_versions_are_passed_over() {
    TinyCheckpoint.of("llama").tensor("model.layers.0.self_attn.rotary_emb.inv_freq", 2).write(folder);
    CausalLm.load(folder, backend).close();
  }

  @Test
  void weights_are_mapped_and_not_copied() {
    TinyCheckpoint.of("llama").write(folder);
    try (CausalLm model = CausalLm.load(folder, backend)) {
      assertThat(backend.bytesInUse()).isZero();
      assertThat(model.parameters()).allMatch(p -> p.value().segment().isReadOnly());
      model.trainFull();
      long bytes = model.parameters().stream().mapToLong(p -> p.value().bytes()).sum();
      assertThat(backend.bytesInUse()).isGreaterThanOrEqualTo(bytes);
      assertThat(model.parameters()).allMatch(p -> p.trainable() && p.value().requiresGrad());
      long used = backend.bytesInUse();
      model.trainFull();
      assertThat(backend.bytesInUse()).isEqualTo(used);
    }
  }

  @Test
  void weights_that_start_at_odd_bytes_are_copied() {
    TinyCheckpoint.of("llama").write(folder);
    Path file = folder.resolve("model.safetensors");
    float[] before = logits(CausalLm.load(folder, backend));
    shiftByOneByte(file);
    float[] after = logits(CausalLm.load(folder, backend));
    assertThat(after).isEqualTo(before);
  }

  private static void shiftByOneByte(Path file) {
    try {
      byte[] all = Files.readAllBytes(file);
      MemorySegment s = MemorySegment.ofArray(all);
      var length = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
      int header = (int) s.get(length, 0);
      byte[] longer = new byte[all.length + 1];
      MemorySegment out = MemorySegment.ofArray(longer);
      out.set(length, 0, header + 1L);
      System.arraycopy(all, 8, longer, 8, header);
      longer[8 + header] = ' ';
      System.arraycopy(all, 8 + header, longer, 9 + header, all.length - 8 - header);
      Files.write(file, longer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] logits(CausalLm model) {
    try (model) {
      return ModelRuns.logits(model, FlatRows.of(1, 5, 9))[2];
    }
  }

  @Test
  void weights_can_be_loaded_in_another_type() {
    TinyCheckpoint.of("qwen2").write(folder);
    try (CausalLm model = CausalLm.load(folder, backend, new LoadOptions(DType.BF16))) {
      assertThat(model.parameters()).allMatch(p -> p.value().dtype() == DType.BF16);
      assertThat(ModelRuns.logits(model, FlatRows.of(1, 2, 3))).hasDimensions(3, 32);
      model.trainFull();
      assertThat(model.parameters()).allMatch(p -> p.value().dtype() == DType.F32);
    }
    assertThatThrownBy(() -> new LoadOptions(DType.I8)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void copied_weights_give_the_logits_of_mapped_ones() {
    TinyCheckpoint.of("qwen2").write(folder);
    float[] mapped = logits(CausalLm.load(folder, backend));
    long before = backend.bytesInUse();
    try (CausalLm model = CausalLm.load(folder, backend, LoadOptions.AS_STORED.mapped(false))) {
      long bytes = model.parameters().stream().mapToLong(p -> p.value().bytes()).sum();
      assertThat(backend.bytesInUse() - before).isGreaterThanOrEqualTo(bytes);
      assertThat(ModelRuns.logits(model, FlatRows.of(1, 5, 9))[2]).isEqualTo(mapped);
    }
  }

  @Test
  void projections_are_listed_and_replaced_by_path() {
    TinyCheckpoint.of("llama").write(folder);
    try (CausalLm model = CausalLm.load(folder, backend)) {
      assertThat(model.linears().keySet()).hasSize(15).startsWith("model.layers.0.self_attn.q_proj")
          .endsWith("lm_head");
      DenseLinear same = new DenseLinear(model.linears().get("lm_head").base().weight(), null);
      model.replaceLinear("lm_head", old -> same);
      assertThat(model.linears().get("lm_head")).isSameAs(same);
      assertThatThrownBy(() -> model.replaceLinear("model.layers.0.mlp.up_proj", old -> same))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("8 -> 12");
      assertThatThrownBy(() -> model.replaceLinear("head", old -> old))
          .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'head'");
    }
  }

  @Test
  void a_family_that_is_registered_as_a_service_is_found_and_loaded_under_its_own_names() {
    Path model = TinyCheckpoint.of("house_llama").write(folder.resolve("house"));
    try (CausalLm house = CausalLm.load(model, backend)) {
      assertThat(house.linears()).containsKeys("model.layers.0.attention.q_proj", "model.layers.1.mlp.w2");
      assertThat(ModelRuns.logits(house, FlatRows.of(new int[] {1, 2, 3}))).hasDimensions(3, 32);
    }
  }
}
