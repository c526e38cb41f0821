package io.swiftjvm.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.TemplateException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Snippets written for this test, with what Jinja2 3.1.6 made of them in the environment of transformers. */
class Jinja2ComparisonTest {
  @TestFactory
  Stream<DynamicTest> snippets_render_or_fail_as_in_jinja2() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<DynamicTest> tests = new ArrayList<>();
    try (InputStream file = Objects.requireNonNull(Jinja2ComparisonTest.class.getResourceAsStream("jinja2.json"))) {
      JsonNode golden = mapper.readTree(file);
      Map<String, Object> variables = mapper.convertValue(golden.get("variables"), new TypeReference<>() {});
      golden.get("cases").forEach(each -> tests.add(DynamicTest.dynamicTest(each.get("template").textValue(),
          () -> check(each.get("template").textValue(), variables, each))));
    }
    assertThat(tests).hasSizeGreaterThan(400);
    return tests.stream();
  }

  private static void check(String source, Map<String, Object> variables, JsonNode golden) {
    if (golden.has("ok")) {
      String text = JinjaTemplate.parse(source, Limits.defaults()).render(variables, Clock.systemUTC()).text();
      assertThat(text).isEqualTo(golden.get("ok").textValue());
    } else {
      assertThatThrownBy(() ->
          JinjaTemplate.parse(source, Limits.defaults()).render(variables, Clock.systemUTC()))
          .as(golden.get("err").textValue()).isInstanceOf(TemplateException.class).hasMessageContaining("line ");
    }
  }
}
