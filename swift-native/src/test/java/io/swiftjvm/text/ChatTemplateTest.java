package io.swiftjvm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final String SOURCE = """
      {{ bos_token }}{% for message in messages %}
      [{{ message.role }}] {% if message.role == 'assistant' %}
      {% generation %}{{ message.content | trim }}{{ eos_token }}{% endgeneration %}
      {% else %}{{ message.content }}{% endif %}

      {% endfor %}
      {% if tools %}tools: {{ tools | tojson }}{% endif %}
      {% if add_generation_prompt %}[assistant]{% if enable_thinking is defined %} {{ enable_thinking }}{% endif %}
      {% endif %}
      """;
  private static final List<Map<String, Object>> CHAT = List.of(
      Map.of("role", "user", "content", "Hi \uD83D\uDE00"), Map.of("role", "assistant", "content", " Yo "));

  @TempDir
  private Path dir;

  private static ChatTemplate template() {
    return ChatTemplate.of(SOURCE, Map.of("bos_token", "<s>", "eos_token", "</s>"));
  }

  private void config(String json) throws IOException {
    Files.writeString(dir.resolve("tokenizer_config.json"), json);
  }

  private String rendered() {
    return ChatTemplate.load(dir).render(CHAT, RenderOptions.defaults()).text();
  }

  @Test
  void a_conversation_becomes_text_with_the_places_of_the_answers() {
    Rendered rendered = template().render(CHAT, RenderOptions.defaults());
    assertThat(rendered.text()).isEqualTo("<s>[user] Hi \uD83D\uDE00\n[assistant] Yo</s>\n");
    Span answer = rendered.generationSpans().getFirst();
    assertThat(rendered.text().substring(answer.start(), answer.end())).isEqualTo("Yo</s>");
    assertThat(template().marksGenerations()).isTrue();
  }

  @Test
  void options_reach_the_template() {
    RenderOptions options = RenderOptions.defaults().withAddGenerationPrompt(true)
        .withVariable("enable_thinking", false).withTools(List.of(Map.of("name", "f")));
    assertThat(template().render(CHAT, options).text()).endsWith("tools: [{\"name\": \"f\"}][assistant] False");
  }

  @Test
  void the_final_message_can_be_continued() {
    RenderOptions options = RenderOptions.defaults().withContinueFinalMessage(true);
    Rendered rendered = template().render(CHAT, options);
    assertThat(rendered.text()).endsWith("[assistant] Yo");
    assertThat(rendered.generationSpans().getFirst().end()).isEqualTo(rendered.text().length());
    List<Map<String, Object>> parts = List.of(
        Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "a "), Map.of("type", "image"))));
    ChatTemplate joined = ChatTemplate.of("{{ messages[0].content[0].text }}!", Map.of());
    assertThat(joined.render(parts, options).text()).isEqualTo("a ");
    assertThatThrownBy(() -> ChatTemplate.of("x", Map.of()).render(CHAT, options))
        .isInstanceOf(TemplateException.class).hasMessageContaining("does not write its content");
    assertThatThrownBy(() -> template().render(List.of(), options)).isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> options.withAddGenerationPrompt(true)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_folder_without_template_is_refused() {
    assertThat(ChatTemplate.find(dir)).isEmpty();
    assertThatThrownBy(() -> ChatTemplate.load(dir)).isInstanceOf(TemplateException.class)
        .hasMessageContaining(dir.toString()).hasMessageContaining("no chat template");
  }

  @Test
  void the_template_may_stand_in_the_configuration_or_in_files_of_its_own() throws IOException {
    config("{\"chat_template\": \"config {{ eos_token }}\", \"eos_token\": {\"content\": \"E\"}}");
    assertThat(rendered()).isEqualTo("config E");
    Files.writeString(dir.resolve("chat_template.json"), "{\"chat_template\": \"json {{ eos_token }}\"}");
    assertThat(rendered()).isEqualTo("json E");
    Files.writeString(dir.resolve("chat_template.jinja"), "jinja {{ eos_token }}");
    assertThat(rendered()).isEqualTo("jinja E");
    assertThat(ChatTemplate.load(dir).source()).isEqualTo("jinja {{ eos_token }}");
  }

  @Test
  void a_named_template_serves_renderings_with_tools() throws IOException {
    config("{\"chat_template\": [{\"name\": \"default\", \"template\": \"plain\"},"
        + " {\"name\": \"tool_use\", \"template\": \"tools\"}]}");
    assertThat(rendered()).isEqualTo("plain");
    RenderOptions tools = RenderOptions.defaults().withTools(List.of(Map.of("name", "f")));
    assertThat(ChatTemplate.load(dir).render(CHAT, tools).text()).isEqualTo("tools");
    Files.createDirectory(dir.resolve("additional_chat_templates"));
    Files.writeString(dir.resolve("additional_chat_templates/tool_use.jinja"), "more tools");
    assertThat(ChatTemplate.load(dir).render(CHAT, tools).text()).isEqualTo("more tools");
  }

  @Test
  void named_templates_without_default_and_malformed_ones_are_refused_with_the_folder() throws IOException {
    config("{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}");
    assertThatThrownBy(() -> ChatTemplate.load(dir)).isInstanceOf(TemplateException.class)
        .hasMessageContaining("rag").hasMessageContaining(dir.toString());
    config("{\"chat_template\": \"a\\n{% if %}\"}");
    assertThatThrownBy(() -> ChatTemplate.load(dir)).isInstanceOf(TemplateException.class)
        .hasMessageContaining("line 2").hasMessageContaining(dir.toString());
  }

  @Test
  void another_source_keeps_the_variables_and_the_clock() {
    Clock clock = Clock.fixed(Instant.parse("2024-07-26T00:00:00Z"), ZoneOffset.UTC);
    ChatTemplate other = template().withClock(clock).withSource("{{ bos_token }}{{ strftime_now('%d %b %Y') }}");
    assertThat(other.render(CHAT, RenderOptions.defaults()).text()).isEqualTo("<s>26 Jul 2024");
    assertThat(other.marksGenerations()).isFalse();
  }
}
