package io.swiftjvm.tuner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.ModelFormatException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.StrictJson;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.train.OnTinyModel;
import io.swiftjvm.train.Oracle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Broken adapter folders: a typed refusal that names file and cause, and an unchanged model. */
class MalformedAdaptersTest extends OnTinyModel {
  private static final Path GOOD = Oracle.path("peft/lora");
  private static final String Q = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";

  @BeforeEach
  void copyGood() throws IOException {
    for (String name : new String[] {"adapter_config.json", AdapterFiles.WEIGHTS}) {
      Files.copy(GOOD.resolve(name), temp.resolve(name));
    }
  }

  private void refused(String... parts) {
    assertThatThrownBy(() -> AdapterFiles.attach(model, temp, "default", false))
        .isInstanceOf(ModelFormatException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts).contains(temp.toString()));
    assertThat(LoraAdapter.names(model)).isEmpty();
  }

  private void config(Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = StrictJson.readObject(temp.resolve("adapter_config.json"));
    change.accept(json);
    Files.writeString(temp.resolve("adapter_config.json"), json.toString());
  }

  /** Rewrites the weights without {@code drop} and with {@code extra}. */
  private void weights(String drop, Consumer<SafetensorsWriter> extra) {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile good = SafetensorsFile.open(GOOD.resolve(AdapterFiles.WEIGHTS))) {
      good.names().stream().filter(name -> !name.equals(drop)).forEach(name -> {
        var entry = good.entry(name);
        writer.add(name, entry.shape(), entry.floats());
      });
    }
    extra.accept(writer);
    writer.write(temp.resolve(AdapterFiles.WEIGHTS));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"peft_type|\"LOHA\"|LOHA", "r|0|rank",
      "r|\"8\"|whole number", "r|1e9|whole number",
      "r|2000000000|rank", "lora_alpha|null|lora_alpha", "lora_alpha|0|alpha", "lora_dropout|1.5|dropout",
      "bias|\"some\"|bias", "use_dora|true|use_dora", "init_lora_weights|\"corda\"|corda",
      "target_modules|\"(\"|regular expression", "target_modules|[3]|target_modules", "target_modules|[]|target",
      "layers_to_transform|[\"a\"]|layers_to_transform", "rank_pattern|[1]|rank_pattern",
      "rank_pattern|{\"q_proj\":-1}|rankPattern", "a_new_thing|7|a_new_thing", "use_rslora|\"yes\"|use_rslora",
      "target_modules|[\"q_proj\",\"v_proj\",\"down_proj\",\"o_proj\"]|o_proj", "r|8|shape"})
  void a_bad_setting_is_refused_by_its_name(String key, String value, String named) throws IOException {
    config(json -> {
      try {
        json.set(key, new com.fasterxml.jackson.databind.ObjectMapper().readTree(value));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    });
    refused(named);
  }

  @Test
  void broken_json_is_refused() throws IOException {
    Files.writeString(temp.resolve("adapter_config.json"), "{\"r\": 8, \"r\": 4}");
    refused("adapter_config.json");
    Files.writeString(temp.resolve("adapter_config.json"), "{\"r\": 8} x");
    refused("adapter_config.json");
  }

  @Test
  void missing_files_are_named() throws IOException {
    Files.delete(temp.resolve(AdapterFiles.WEIGHTS));
    refused(AdapterFiles.WEIGHTS);
    Files.delete(temp.resolve("adapter_config.json"));
    refused("adapter_config.json");
  }

  @Test
  void cut_off_weights_are_refused() throws IOException {
    byte[] bytes = Files.readAllBytes(temp.resolve(AdapterFiles.WEIGHTS));
    Files.write(temp.resolve(AdapterFiles.WEIGHTS), java.util.Arrays.copyOf(bytes, bytes.length - 5));
    refused(AdapterFiles.WEIGHTS);
  }

  @Test
  void an_unknown_key_is_named() {
    weights("", writer -> writer.add("base_model.model.model.layers.0.self_attn.q_proj.lora_E", new long[] {1},
        new float[1]));
    refused("lora_E");
  }

  @Test
  void a_module_that_the_model_lacks_is_named() {
    weights("", writer -> writer.add("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight",
        new long[] {4, 48}, new float[4 * 48]));
    refused("model.layers.9.self_attn.q_proj");
  }

  @Test
  void a_missing_tensor_is_named() {
    weights(Q, writer -> { });
    refused(Q);
  }

  @Test
  void a_wrong_shape_is_named_with_both_shapes() {
    weights(Q, writer -> writer.add(Q, new long[] {4, 47}, new float[4 * 47]));
    refused(Q, "[4, 47]", "[4, 48]");
  }

  @Test
  void integers_are_no_weights() {
    weights(Q, writer -> writer.add(Q, DType.I32, new long[] {4, 48}, MemorySegment.ofArray(new byte[4 * 48 * 4])));
    refused(Q, "I32");
  }

  @Test
  void an_empty_file_of_weights_is_refused() {
    new SafetensorsWriter().write(temp.resolve(AdapterFiles.WEIGHTS));
    refused("no tensor");
  }

  @Test
  void a_link_out_of_the_folder_is_refused() throws IOException {
    Files.delete(temp.resolve(AdapterFiles.WEIGHTS));
    Files.createSymbolicLink(temp.resolve(AdapterFiles.WEIGHTS), GOOD.resolve(AdapterFiles.WEIGHTS).toAbsolutePath());
    refused("link");
  }
}
