package io.swiftjvm.tuner.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.AdapterFiles;
import io.swiftjvm.tuner.Adapters;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Broken adapter folders of every method: a typed refusal that names file and cause, and an unchanged model. */
class MalformedTunersTest extends OnTinyModel {
  static Stream<String> methods() {
    return Stream.of("loha", "lokr", "lokr_both", "vera", "fourierft", "miss", "adalora", "delora", "gralora", "shira",
        "c3a", "ia3", "hra", "road", "oft", "boft", "vblora", "randlora", "dora", "ln_tuning", "trainable_tokens");
  }

  private void refused(String... parts) {
    assertThatThrownBy(() -> TunerFiles.attach(model, temp, "default", false))
        .isInstanceOf(ModelFormatException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts).contains(temp.toString()));
    assertThat(Adapters.names(model)).isEmpty();
  }

  private void copy(String method, Consumer<ObjectNode> settings, UnaryOperator<TensorEntry> weights)
      throws IOException {
    Path good = Oracle.path("peft/" + method);
    ObjectNode json = StrictJson.readObject(good.resolve(AdapterFiles.CONFIG));
    settings.accept(json);
    Files.writeString(temp.resolve(AdapterFiles.CONFIG), json.toString());
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(good.resolve(AdapterFiles.WEIGHTS))) {
      for (String name : file.names()) {
        TensorEntry entry = weights.apply(file.entry(name));
        writer.add(entry.name(), entry.dtype(), entry.shape(), entry.data());
      }
      writer.write(temp.resolve(AdapterFiles.WEIGHTS));
    }
  }

  private static String last(String method) {
    try (SafetensorsFile file = SafetensorsFile.open(Oracle.path("peft/" + method).resolve(AdapterFiles.WEIGHTS))) {
      // A projection's own tensor: those that all share decide about shapes themselves.
      return file.names().stream()
          .filter(name -> name.contains(".layers.") || name.contains("embed")).toList().getLast();
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void a_tensor_that_is_missing_or_unknown_is_refused(String method) throws IOException {
    String name = last(method);
    copy(method, json -> { },
        e -> e.name().equals(name) ? new TensorEntry("base_model.model.strange", e.dtype(), e.shape(), e.data()) : e);
    refused(name);
    copy(method, json -> { }, e -> e.name().equals(name)
        ? new TensorEntry(
            name.replace("layers.1", "layers.7").replace("embed", "umbed"), e.dtype(), e.shape(), e.data()) : e);
    refused(AdapterFiles.WEIGHTS);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void a_tensor_of_another_shape_or_type_is_refused(String method) throws IOException {
    String name = last(method);
    copy(method, json -> { }, e -> e.name().equals(name)
        ? new TensorEntry(name, e.dtype(), new long[] {1, 1, e.elements(), 1, 1}, e.data()) : e);
    refused(name, "shape");
    copy(method, json -> { }, e -> e.name().equals(name)
        ? new TensorEntry(name, e.dtype().isFloat() ? DType.I32 : DType.F32, e.shape(), e.data()) : e);
    refused(name);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void a_setting_that_is_not_there_is_refused_by_its_name(String method) throws IOException {
    copy(method, json -> json.put("a_new_thing", 7), e -> e);
    refused("a_new_thing", AdapterFiles.CONFIG);
    copy(method, json -> json.putArray("target_modules"), e -> e);
    refused("target");
    copy(method, json -> json.put("target_modules", 3), e -> e);
    refused("target_modules");
    copy(method, json -> json.putArray("target_modules").add("nowhere"), e -> e);
    refused(AdapterFiles.WEIGHTS);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"loha|r|0|rank", "loha|alpha|\"x\"|alpha", "loha|rank_dropout|0.5|rank_dropout",
      "loha|bias|\"all\"|bias", "loha|modules_to_save|[\"norm\"]|modules_to_save", "loha|peft_type|\"BONE\"|BONE",
      "lokr|decompose_factor|0|decomposeFactor", "lokr|module_dropout|0.1|module_dropout",
      "vera|save_projection|false|save_projection", "vera|vera_dropout|1|dropout", "vera|r|1.5|whole number",
      "fourierft|n_frequency|100000|frequencies", "fourierft|n_frequency_pattern|{\"q\":3}|n_frequency_pattern",
      "miss|init_weights|\"rat\"|init_weights", "miss|mini_r|0|miniRank", "miss|r|4000|rank",
      "adalora|rank_pattern|{\"a\":[3]}|rank_pattern",
      "adalora|lora_dropout|-1|dropout", "gralora|gralora_k|3|multiple", "gralora|gralora_k|0|blocks",
      "shira|mask_type|\"best\"|mask_type", "shira|r|4000|entries", "c3a|block_size|7|blocks",
      "c3a|block_size_pattern|{\"q\":3}|block_size_pattern", "hra|apply_GS|3|apply_GS",
      "road|variant|\"road_3\"|road_3",
      "road|group_size|7|even", "road|group_size|10|groups", "oft|coft|true|coft", "oft|r|3|block_num",
      "oft|oft_block_size|0|block_size", "boft|boft_block_size|5|divide", "boft|boft_block_num|4|block_num",
      "boft|boft_dropout|1|dropout", "vblora|topk|0|top", "vblora|topk|21|vectors",
      "vblora|save_only_topk_weights|true|save_only_topk_weights", "vblora|vector_length|7|divide",
      "randlora|save_projection|false|save_projection", "randlora|randlora_alpha|0|alpha",
      "delora|delora_lambda|0|lambda",
      "dora|use_dora|false|use_dora", "dora|init_lora_weights|\"pissa\"|PISSA", "dora|r|0|rank",
      "dora|modules_to_save|[\"norm\"]|modules_to_save", "trainable_tokens|token_indices|[]|trainable_token",
      "trainable_tokens|token_indices|[5,5]|tokens", "trainable_tokens|token_indices|[5,17,9999]|9999",
      "prompt|num_virtual_tokens|0|tokens", "prompt|num_virtual_tokens|6|shape",
      "prompt|num_transformer_submodules|2|num_transformer_submodules", "ptuning_mlp|encoder_hidden_size|0|hidden",
      "ptuning_mlp|encoder_reparameterization_type|\"GRU\"|GRU", "prefix|num_virtual_tokens|5|shape",
      "prefix|a_new_thing|7|a_new_thing", "prefix_projection|encoder_hidden_size|-1|hidden",
      "xlora/xlora|xlora_depth|0|depth", "xlora/xlora|top_k_lora|1|top_k_lora", "xlora/xlora|adapters|{}|adapters",
      "xlora/xlora|adapters|{\"0\":3}|adapters", "xlora/xlora|softmax_temperature|0|temperature",
      "trainable_tokens|token_indices|7|token_indices", "ia3|fan_in_fan_out|true|fan_in_fan_out"})
  void a_bad_setting_is_refused_by_its_name(String method, String key, String value, String named) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    var node = mapper.readTree(value);
    copy(method, json -> json.set(key, node), e -> e);
    refused(named);
  }

  @Test
  void entries_outside_the_weight_are_refused() throws IOException {
    copy("shira", json -> { }, e -> {
      byte[] ones = new byte[(int) e.data().byteSize()];
      Arrays.fill(ones, (byte) 1);
      return e.dtype() == DType.I32 ? new TensorEntry(e.name(), DType.I32, e.shape(), MemorySegment.ofArray(ones)) : e;
    });
    refused("shira_indices", "names the entry");
  }

  @Test
  void a_name_that_is_taken_and_a_frozen_adapter_are_refused() {
    Path good = Oracle.path("peft/loha");
    TunerAdapter adapter = TunerFiles.attach(model, good, "default", false);
    assertThatThrownBy(() -> TunerFiles.attach(model, good, "default", false))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("already attached");
    assertThatThrownBy(() -> TunerFiles.attach(model, good, "a.b", false)).hasMessageContaining("without dots");
    assertThatThrownBy(() -> TrainedWeights.of(adapter, "base")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("not trained");
    assertThatThrownBy(() -> TunerFiles.load(adapter, Oracle.path("peft/hra"))).hasMessageContaining("other tensors");
    assertThat(Adapters.names(model)).isEqualTo(List.of("default"));
  }
}
