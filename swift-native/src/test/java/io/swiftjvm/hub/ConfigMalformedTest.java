package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigMalformedTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
      {} # hidden_size
      {'hidden_size':null} # 'hidden_size' is null
      {'hidden_size':0} # 'hidden_size' is 0, it must be a whole number from 1 to 1048576
      {'hidden_size':-48} # is -48
      {'hidden_size':1048577} # is 1048577
      {'hidden_size':99999999999999999999} # is 99999999999999999999
      {'hidden_size':1e999} # hidden_size
      {'hidden_size':48.5} # is 48.5
      {'hidden_size':'48'} # is "48"
      {'hidden_size':[48]} # is [48]
      {'hidden_size':48,'hidden_size':4} # Duplicate
      {'hidden_size':48 # config.json
      {'hidden_size':48} trailing # Unrecognized
      {'hidden_size':NaN} # config.json
      {hidden_size:48} # config.json
      [48] # does not hold a JSON object
      {'text_config':7} # 'text_config' is 7, it must be an object
      {'text_config':{}} # 'text_config.hidden_size' is missing
      {'hidden_size':48,'torch_dtype':'int4'} # 'torch_dtype' is "int4"
      {'hidden_size':48,'dtype':7} # 'dtype' is 7
      {'hidden_size':48,'rope_theta':-1} # 'rope_scaling.rope_theta' is -1
      {'hidden_size':48,'rope_scaling':'yarn'} # 'rope_scaling' is "yarn"
      {'hidden_size':48,'rope_parameters':{'rope_type':1}} # 'rope_parameters.rope_type' is 1
      {'hidden_size':48,'eos_token_id':-5} # 'eos_token_id' is -5
      {'hidden_size':48,'eos_token_id':'</s>'} # 'eos_token_id' is "</s>"
      {'hidden_size':48,'max_position_embeddings':0} # 'max_position_embeddings' is 0
      {'hidden_size':48,'quantization_config':'gptq'} # 'quantization_config' is "gptq"
      {'hidden_size':48,'layer_types':['a']} # 'layer_types' is ["a"], it must be a list of 2 entries
      {'hidden_size':48,'tie_word_embeddings':'yes'} # 'tie_word_embeddings' is "yes", it must be true or false
      """)
  void a_bad_config_is_refused_with_file_key_and_value(String json, String cause) throws IOException {
    Files.writeString(folder.resolve("config.json"), json.replace('\'', '"'));
    assertRefused(ConfigMalformedTest::use, "config.json", cause);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
      {'temperature':-1} # 'temperature' is -1
      {'top_p':0} # 'top_p' is 0
      {'top_p':1.5} # 'top_p' is 1.5
      {'top_k':2.5} # 'top_k' is 2.5
      {'do_sample':1} # 'do_sample' is 1
      {'eos_token_id':[1,null]} # 'eos_token_id' is [1,null]
      """)
  void a_bad_generation_config_is_refused(String json, String cause) throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"hidden_size\":48}");
    Files.writeString(folder.resolve("generation_config.json"), json.replace('\'', '"'));
    assertRefused(ConfigMalformedTest::use, "generation_config.json", cause);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
      {'r':0} # 'r' is 0
      {'r':8,'lora_alpha':'x'} # 'lora_alpha' is "x"
      {'r':8,'target_modules':[1]} # 'target_modules' is [1]
      """)
  void a_bad_adapter_config_is_refused(String json, String cause) throws IOException {
    Path file = Files.writeString(folder.resolve("adapter_config.json"), json.replace('\'', '"'));
    assertRefused(ignored -> {
      ConfigSection adapter = ConfigSection.read(file);
      adapter.positiveInt("r", 1024);
      adapter.number("lora_alpha", 0, 1e6, 8);
      adapter.strings("target_modules");
    }, "adapter_config.json", cause);
  }

  @Test
  void a_product_that_overflows_is_refused() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"a\":2147483647,\"b\":2147483647,\"c\":2147483647}");
    assertRefused(f -> ModelConfig.load(f).product(1L << 40, "a", "b"), "config.json", "at or under 1099511627776");
    assertRefused(f -> ModelConfig.load(f).product(Long.MAX_VALUE - 1, "a", "b", "c"), "config.json", "[a, b, c]");
  }

  @Test
  void bytes_that_are_not_utf8_and_deep_nesting_are_refused() throws IOException {
    Files.write(folder.resolve("config.json"), "{\"\u00e9\":1}".getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(ConfigMalformedTest::use, "config.json", "UTF-8");
    Files.writeString(folder.resolve("config.json"), "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}");
    assertRefused(ConfigMalformedTest::use, "config.json", "nesting depth");
    assertRefused(f -> StrictJson.readObject(f.resolve("config.json"), 10), "config.json", "more than 10");
  }

  @Test
  void a_mutated_config_is_read_or_refused_and_nothing_else() throws IOException {
    byte[] good = """
        {"architectures": ["LlamaForCausalLM"], "hidden_size": 48, "rope_theta": 1e4, "eos_token_id": [1, 2],
         "rope_scaling": {"type": "linear", "factor": 2.0}, "torch_dtype": "float32", "tie_word_embeddings": true}
        """.getBytes(StandardCharsets.UTF_8);
    Random random = new Random(3);
    int read = 0;
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = good.clone();
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(random.nextBoolean() ? 128 : 256);
      Files.write(folder.resolve("config.json"), bytes);
      try {
        use(folder);
        read++;
      } catch (ModelFormatException e) {
        assertThat(e).hasMessageContaining("config.json");
      }
    }
    assertThat(read).isBetween(1, 1999);
  }

  private static void use(Path folder) {
    ModelConfig config = ModelConfig.load(folder);
    config.positiveInt("hidden_size", ConfigLimits.WIDTH);
    config.dtype();
    config.rope();
    config.eosIds();
    config.padId();
    config.maxModelLen();
    config.quantMethod();
    config.layerTypes(2);
    config.bool("tie_word_embeddings", false);
  }

  private void assertRefused(Consumer<Path> use, String file, String cause) {
    assertThatThrownBy(() -> use.accept(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file)
        .hasMessageContaining(cause);
  }
}
