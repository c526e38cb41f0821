package io.swiftjvm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.error.TemplateException;
import io.swiftjvm.testing.OracleFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ChatTemplateGoldenTest {
  @TestFactory
  Stream<DynamicTest> well_known_templates_render_as_in_transformers() {
    Optional<Path> folder = OracleFiles.shared("chat_templates");
    assumeTrue(folder.isPresent(), "the templates of third parties are not in the repository");
    JsonNode golden = Json.read(folder.get().resolve("golden.json"));
    Clock madeAt = clockOf(golden);
    List<DynamicTest> tests = new ArrayList<>();
    golden.get("rendered").properties().forEach(template -> template.getValue().properties().forEach(each ->
        tests.add(DynamicTest.dynamicTest(template.getKey() + " " + each.getKey(), () -> renders(
            Files.readString(folder.get().resolve(template.getKey())), madeAt,
            golden.get("conversations").get(each.getKey()), each.getValue())))));
    assertThat(tests).hasSize(115);
    return tests.stream();
  }

  /** Some templates name the day: golden texts are of the day on which transformers made them. */
  private static Clock clockOf(JsonNode golden) {
    Matcher day = Pattern.compile("Current date: (\\d{4}-\\d{2}-\\d{2})")
        .matcher(golden.at("/rendered/gptoss.jinja/user_gen/ok").textValue());
    assertThat(day.find()).isTrue();
    return Clock.fixed(Instant.parse(day.group(1) + "T12:00:00Z"), ZoneOffset.UTC);
  }

  private static void renders(String source, Clock madeAt, JsonNode conversation, JsonNode expected) {
    ChatTemplate template = ChatTemplate.of(source, Map.of("bos_token", "<s>", "eos_token", "</s>")).withClock(madeAt);
    RenderOptions options = RenderOptions.defaults();
    for (Iterator<String> names = conversation.fieldNames(); names.hasNext();) {
      String name = names.next();
      options = switch (name) {
        case "messages" -> options;
        case "tools" -> options.withTools(maps(conversation.get(name)));
        case "add_generation_prompt" -> options.withAddGenerationPrompt(conversation.get(name).booleanValue());
        default -> options.withVariable(name, plain(conversation.get(name)));
      };
    }
    check(template, maps(conversation.get("messages")), options, expected.get("ok"), expected.get("err"));
  }

  private static void check(ChatTemplate template, List<Map<String, Object>> messages, RenderOptions options,
      JsonNode text, JsonNode error) {
    if (error == null || error.isNull()) {
      assertThat(template.render(messages, options).text()).isEqualTo(text.textValue());
      return;
    }
    String reason = error.textValue().replaceFirst("^\\w+: ", "");
    assertThatThrownBy(() -> template.render(messages, options)).isInstanceOf(TemplateException.class)
        .hasMessageContaining(reason).hasMessageContaining("line ");
  }

  @TestFactory
  Stream<DynamicTest> conversations_become_the_ids_and_masks_of_transformers() throws IOException {
    Optional<Path> folder = OracleFiles.shared("tokenizers");
    assumeTrue(folder.isPresent(), "the templates of third parties are not in the repository");
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> dirs = Files.list(folder.get())) {
      for (Path dir : dirs.filter(each -> Files.exists(each.resolve("golden_chat.json"))).sorted().toList()) {
        for (JsonNode each : Json.read(dir.resolve("golden_chat.json")).get("cases")) {
          String name = dir.getFileName() + " " + each.get("name").textValue();
          tests.add(DynamicTest.dynamicTest(name, () -> tokenises(dir, each)));
        }
      }
    }
    assertThat(tests).hasSizeGreaterThan(20);
    return tests.stream();
  }

  private static void tokenises(Path dir, JsonNode golden) throws IOException {
    ChatTemplate template = ChatTemplate.load(dir);
    List<Map<String, Object>> messages = maps(golden.get("messages"));
    RenderOptions options = RenderOptions.defaults();
    if (!golden.path("tools").isNull()) {
      options = options.withTools(maps(golden.get("tools")));
    }
    Map<String, Object> kwargs = Json.MAPPER.convertValue(golden.get("kwargs"), new TypeReference<>() {});
    for (Map.Entry<String, Object> each : kwargs.entrySet()) {
      options = switch (each.getKey()) {
        case "add_generation_prompt" -> options.withAddGenerationPrompt((Boolean) each.getValue());
        case "continue_final_message" -> options.withContinueFinalMessage((Boolean) each.getValue());
        default -> options.withVariable(each.getKey(), each.getValue());
      };
    }
    check(template, messages, options, golden.get("text"), golden.get("error"));
    try (Tokenizer tokenizer = HuggingFaceTokenizers.load(dir)) {
      if (golden.hasNonNull("ids")) {
        String text = template.render(messages, options).text();
        assertThat(tokenizer.encode(text, false)).isEqualTo(Json.ints(golden.get("ids")));
      }
      if (golden.path("training").has("ids")) {
        ChatTemplate training = template.withSource(Files.readString(dir.resolve("training_chat_template.jinja")));
        assertThat(training.marksGenerations()).isTrue();
        trains(tokenizer, training.render(messages, options), golden.get("training"));
      }
    }
  }

  private static void trains(Tokenizer tokenizer, Rendered rendered, JsonNode golden) {
    Encoding encoding = tokenizer.encodeWithOffsets(rendered.text(), false).toCharOffsets(rendered.text());
    assertThat(encoding.ids()).isEqualTo(Json.ints(golden.get("ids")));
    int[] mask = new int[encoding.size()];
    for (int i = 0; i < mask.length; i++) {
      for (Span span : rendered.generationSpans()) {
        mask[i] |= encoding.starts()[i] < span.end() && encoding.ends()[i] > span.start() ? 1 : 0;
      }
    }
    assertThat(mask).isEqualTo(Json.ints(golden.get("assistant_mask")));
  }

  private static List<Map<String, Object>> maps(JsonNode array) {
    return Json.MAPPER.convertValue(array, new TypeReference<List<Map<String, Object>>>() {});
  }

  private static Object plain(JsonNode value) {
    return Json.MAPPER.convertValue(value, Object.class);
  }
}
