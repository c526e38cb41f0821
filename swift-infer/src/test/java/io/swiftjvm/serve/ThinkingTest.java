package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.text.ChatTemplate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A chat template that opens the thoughts, closes them at once, or leaves that to the model. */
class ThinkingTest {
  private static final String TEMPLATE = "{%- if tools %}{{- '<|im_start|>system\\n# tools: <tool_call>' + "
      + "(tools | tojson) + '<|im_end|>\\n' }}{%- endif %}"
      + "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}"
      + "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
      + "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}"
      + "{%- elif forced is defined %}{{- '<think>\\n' }}{%- endif %}{%- endif %}";
  private static TinyServer tiny;

  @BeforeAll
  static void open() {
    tiny = new TinyServer(ChatTemplate.of(TEMPLATE, Map.of()));
  }

  @AfterAll
  static void close() {
    assertThat(tiny.failures).isEmpty();
    tiny.close();
  }

  private static JsonNode choice(String more) {
    return SharedServer.ok(tiny.chat(",'temperature':1.5,'seed':3,'max_tokens':40" + more)).at("/choices/0");
  }

  @Test
  void thoughts_that_the_prompt_opens_are_no_content_until_they_are_closed() {
    String open = ",'chat_template_kwargs':{'forced':true}";
    JsonNode message = choice(open).path("message");
    assertThat(message.path("reasoning_content").asText()).isNotBlank();
    assertThat(message.path("content").asText()).isEmpty();
    StringBuilder streamed = new StringBuilder();
    List<JsonNode> events = tiny.chat(",'temperature':1.5,'seed':3,'max_tokens':40,'stream':true" + open).events();
    events.forEach(e -> streamed.append(e.at("/choices/0/delta/reasoning_content").asText("")));
    assertThat(streamed.toString()).isEqualTo(message.path("reasoning_content").asText());
    // a form holds for the answer, not for the thoughts before it
    JsonNode shaped = choice(open + ",'guided_regex':'[0-9]{3}'");
    assertThat(shaped.path("finish_reason").asText()).isEqualTo("length");
    assertThat(shaped.at("/message/reasoning_content").asText()).isNotBlank();
  }

  @Test
  void thoughts_that_are_switched_off_leave_content_alone() {
    for (String off : List.of(",'enable_thinking':false", ",'chat_template_kwargs':{'enable_thinking':false}")) {
      JsonNode message = choice(off).path("message");
      assertThat(message.has("reasoning_content")).isFalse();
      assertThat(message.path("content").asText()).isNotBlank();
      assertThat(choice(off + ",'guided_regex':'[0-9]{3}'").at("/message/content").asText()).matches("[0-9]{3}");
    }
  }

  @Test
  void thoughts_may_stand_before_a_form_and_are_parted_from_it() {
    JsonNode shaped = choice(",'guided_choice':['<think>a</think>b']");
    // the whole choice was written; what looks like thoughts is shown as such
    assertThat(shaped.at("/message/content").asText() + shaped.at("/message/reasoning_content").asText())
        .contains("a").doesNotContain("think");
    JsonNode call = choice(",'tool_choice':'required','parallel_tool_calls':false,'tools':[{'type':'function',"
        + "'function':{'name':'f','parameters':{'type':'object','properties':{'ok':{'type':'boolean'}},"
        + "'required':['ok']}}}]");
    if (call.path("finish_reason").asText().equals("tool_calls")) {
      assertThat(call.at("/message/tool_calls/0/function/arguments").asText()).contains("\"ok\"");
    }
  }
}
