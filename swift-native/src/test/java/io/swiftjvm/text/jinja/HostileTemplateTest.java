package io.swiftjvm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.TemplateException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates come with models, so they are untrusted: each of these must end in a refusal, soon. */
class HostileTemplateTest {
  private static final Map<String, Object> DATA = Map.of("s", "abc", "l", List.of(1, 2, 3));

  private static String render(String source) {
    return JinjaTemplate.parse(source, Limits.defaults()).render(DATA, Clock.systemUTC()).text();
  }

  private static void refused(String source) {
    assertThatThrownBy(() -> render(source)).as(source.substring(0, Math.min(90, source.length())))
        .isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
      "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% macro f(x) %}{{ x|map('string')|list }}{{ f([x, x]) }}{% endmacro %}{{ f(1) }}",
  })
  void endless_recursion_is_refused(String source) {
    refused(source);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
      "{{ range(1000000000) }}",
      "{{ range(-9223372036854775807, 9223372036854775807) }}",
      "{{ range(100000)|map('string')|map('length')|map('string')|map('length')|map('string')|map('length')|list"
          + "|map('string')|map('length')|map('string')|map('length')|map('string')|map('length')|list }}",
      "{{ [1] * 1000000000 }}",
      "{{ ([1] * 1000) * 1000000 }}",
      "{% set ns = namespace(l=[0]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
      "{{ [1]|batch(100000, 'x')|list|batch(100000, 'y')|list|length }}{{ range(90000)|slice(100000)|list|length }}"
          + "{% for i in range(99) %}{{ range(90000)|list|length }}{% endfor %}",
  })
  void endless_work_is_refused(String source) {
    refused(source);
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "{{ 'a' * 1000000000000 }}",
      "{{ 'ab' * 9223372036854775807 }}",
      "{{ 'a'.center(10000000000) }}{{ 'a'.zfill(1000000000) }}",
      "{{ 'a'|center(99999999) }}",
      "{{ 'a'|indent(99999999, true) }}",
      "{{ '%9999s' % 'a' * 99999 }}",
      "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}",
      "{% set ns = namespace(s='x' * 9999) %}{% for i in range(60) %}{% set ns.s = ns.s.join(ns.s) %}{% endfor %}",
      "{% set ns = namespace(s='x' * 99999) %}{% for i in range(60) %}{% set ns.s = ns.s.replace('', ns.s) %}"
          + "{% endfor %}",
      "{% set x = 'x' * 1000000 %}{% for i in range(100) %}{{ x }}{% endfor %}",
      "{% set ns = namespace(l=[], x='x' * 4000000) %}{% for i in range(9999) %}{% set ns.l = ns.l + [ns.x ~ i] %}"
          + "{% endfor %}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}"
          + "{{ ns.l|tojson }}",
      "{% set ns = namespace(l=[1], k=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}"
          + "{% set ns.k = [ns.k, ns.k] %}{% endfor %}{{ ns.l == ns.k }}",
      "{% set ns = namespace(l=(1,)) %}{% for i in range(60) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}"
          + "{{ {ns.l: 1} }}",
      "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
      "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me|tojson }}",
      "{{ 'a'.ljust(4000000).find('b' * 2000000) }}",
  })
  void huge_values_are_refused(String source) {
    refused(source);
  }

  @Test
  void deep_nesting_is_refused() {
    refused("{{ " + "(".repeat(10_000) + "1" + ")".repeat(10_000) + " }}");
    refused("{{ " + "[".repeat(10_000) + "]".repeat(10_000) + " }}");
    refused("{{ " + "not ".repeat(10_000) + "1 }}");
    refused("{{ " + "-".repeat(2) + "- ".repeat(10_000) + "1 }}");
    refused("{{ 1" + " if 1 else 1".repeat(10_000) + " }}");
    refused("{{ 1" + " + 1".repeat(10_000) + " }}");
    refused("{{ s" + "|upper".repeat(10_000) + " }}");
    refused("{{ s" + ".x".repeat(10_000) + " }}");
    refused("{{ s" + "[0]".repeat(10_000) + " }}");
    refused("{% if s %}".repeat(5_000) + "{% endif %}".repeat(5_000));
    refused("{% for a in l %}".repeat(5_000) + "{% endfor %}".repeat(5_000));
    refused("{% set (" + "(".repeat(10_000));
    refused("x".repeat(300_000));
  }

  @Test
  void deep_data_and_foreign_objects_are_refused() {
    Object deep = 1;
    for (int i = 0; i < 10_000; i++) {
      deep = List.of(deep);
    }
    Map<String, Object> data = Map.of("x", deep);
    JinjaTemplate template = JinjaTemplate.parse("{{ x }}", Limits.defaults());
    assertThatThrownBy(() -> template.render(data, Clock.systemUTC())).isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> template.render(Map.of("x", new Object()), Clock.systemUTC()))
        .isInstanceOf(TemplateException.class).hasMessageContaining("java.lang.Object");
  }

  @Test
  void nothing_of_java_is_reachable() {
    for (String source : List.of("{{ s.class }}", "{{ s.getClass }}", "{{ l.stream }}", "{{ s.chars }}",
        "{{ s.__class__ }}", "{{ l.size }}", "{{ range.getClass }}")) {
      assertThat(render(source)).isEmpty();
    }
    refused("{{ s.getClass() }}");
    refused("{% include '/etc/passwd' %}");
    refused("{% import 'x' as y %}");
    refused("{% extends 'x' %}");
  }

  @Test
  void the_limits_can_be_set() {
    String loop = "{% for i in range(1000) %}ab{% endfor %}";
    assertThatThrownBy(() -> JinjaTemplate.parse(loop, Limits.defaults().withSteps(500))
        .render(DATA, Clock.systemUTC())).hasMessageContaining("500 steps");
    assertThatThrownBy(() -> JinjaTemplate.parse(loop, Limits.defaults().withOutputChars(1000))
        .render(DATA, Clock.systemUTC())).hasMessageContaining("1000 characters");
    assertThatThrownBy(() -> JinjaTemplate.parse(loop, Limits.defaults().withTime(Duration.ofNanos(1)))
        .render(DATA, Clock.systemUTC())).hasMessageContaining("ms");
    assertThatThrownBy(() -> Limits.defaults().withSteps(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
