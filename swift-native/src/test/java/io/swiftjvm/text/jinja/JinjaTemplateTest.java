package io.swiftjvm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.TemplateException;
import io.swiftjvm.text.Rendered;
import io.swiftjvm.text.Span;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JinjaTemplateTest {
  private static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-06T05:04:03.25Z"), ZoneOffset.UTC);

  private static Rendered render(String source, Map<String, Object> data) {
    return JinjaTemplate.parse(source, Limits.defaults()).render(data, CLOCK);
  }

  private static List<String> marked(Rendered rendered) {
    return rendered.generationSpans().stream()
        .map(span -> rendered.text().substring(span.start(), span.end())).toList();
  }

  @Test
  void generation_blocks_give_the_places_of_what_the_assistant_says() {
    Rendered rendered = render("{% for m in l %}<{% generation %}{{ m }}{% endgeneration %}>{% endfor %}",
        Map.of("l", List.of("a", "\uD83D\uDE00b", "")));
    assertThat(rendered.text()).isEqualTo("<a><\uD83D\uDE00b><>");
    assertThat(rendered.generationSpans()).containsExactly(new Span(1, 2), new Span(4, 7), new Span(9, 9));
    assertThat(marked(rendered)).containsExactly("a", "\uD83D\uDE00b", "");
  }

  @Test
  void a_generation_block_in_a_macro_keeps_its_place_when_the_macro_is_printed_as_it_is() {
    Rendered rendered = render("x{% macro m(t) %}<{% generation %}{{ t }}{% endgeneration %}>{% endmacro %}"
        + "{{ m('a') }}{{ m('b') }}", Map.of());
    assertThat(rendered.text()).isEqualTo("x<a><b>");
    assertThat(marked(rendered)).containsExactly("a", "b");
  }

  @Test
  void a_generation_block_whose_text_is_moved_is_refused() {
    assertThatThrownBy(() -> render("{% set a %}{% generation %}abc{% endgeneration %}{% endset %}x{{ a }}", Map.of()))
        .isInstanceOf(TemplateException.class).hasMessageContaining("generation");
  }

  @Test
  void templates_know_whether_they_mark_generations() {
    assertThat(JinjaTemplate.parse("{%- generation -%}{% endgeneration %}", Limits.defaults()).marksGenerations())
        .isTrue();
    assertThat(JinjaTemplate.parse("generation {{ generation }}", Limits.defaults()).marksGenerations()).isFalse();
  }

  @Test
  void the_clock_can_be_set() {
    assertThat(render("{{ strftime_now('%d %b %Y|%A %B %-d, %y|%H:%M:%S.%f %p %I|%j %e %a%%') }}", Map.of()).text())
        .isEqualTo("06 Jul 2024|Saturday July 6, 24|05:04:03.250000 AM 05|188  6 Sat%");
    assertThatThrownBy(() -> render("{{ strftime_now('%Q') }}", Map.of())).hasMessageContaining("%Q");
  }

  @Test
  void errors_name_the_line() {
    assertThatThrownBy(() -> render("a\n\n{{ raise_exception('no ' ~ 'way') }}", Map.of()))
        .isInstanceOf(TemplateException.class).hasMessage("Cannot render the template: line 3: no way");
    assertThatThrownBy(() -> render("{% if true %}\n{{ x.y.z }}\n{% endif %}", Map.of()))
        .hasMessageContaining("line 2: 'x' is undefined");
    assertThatThrownBy(() -> render("{{ a\n  +\n 'b\nc' | nope }}", Map.of("a", "x")))
        .hasMessageContaining("line 4: No filter named 'nope'");
    assertThatThrownBy(() -> render("\n{% for %}", Map.of())).hasMessageContaining("line 2: expected");
  }

  @Test
  void data_of_the_caller_is_plain_data() {
    assertThat(render("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }}", Map.of("a", 1, "b", 1.5f, "c", new String[] {"x"},
        "d", new StringBuilder("y"), "e", new java.math.BigInteger("99999999999999999999"))).text())
        .isEqualTo("1 1.5 ['x'] y 99999999999999999999");
  }

  @Test
  void changed_templates_render_or_are_refused_but_never_fail_otherwise() throws IOException {
    List<String> sources = new ArrayList<>();
    try (InputStream file = Objects.requireNonNull(JinjaTemplateTest.class.getResourceAsStream("jinja2.json"))) {
      JsonNode cases = new ObjectMapper().readTree(file).get("cases");
      cases.forEach(each -> sources.add(each.get("template").textValue()));
    }
    Random random = new Random(3);
    Map<String, Object> data = Map.of("s", "Hello", "n", 7, "l", List.of(3, 1, 2), "d", Map.of("a", 1));
    int rendered = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder source = new StringBuilder(sources.get(random.nextInt(sources.size())));
      for (int change = random.nextInt(3); change >= 0 && !source.isEmpty(); change--) {
        String other = sources.get(random.nextInt(sources.size()));
        int from = random.nextInt(other.length());
        int at = random.nextInt(source.length());
        source.replace(at, Math.min(source.length(), at + random.nextInt(4)),
            other.substring(from, Math.min(other.length(), from + random.nextInt(8))));
      }
      try {
        render(source.toString(), data);
        rendered++;
      } catch (TemplateException refusal) {
        assertThat(refusal).hasMessageContaining("template");
      } catch (RuntimeException e) {
        throw new AssertionError(source.toString(), e);
      }
    }
    assertThat(rendered).isGreaterThan(100);
  }
}
