package io.swiftjvm.infer.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.swiftjvm.error.InvalidPlanException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonSchemaTest {
  private static final JsonMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

  /** Written with single quotes. */
  static List<String> schemas() {
    return List.of(
        "{'type':'object','properties':{'name':{'type':'string'},'age':{'type':'integer','minimum':0,'maximum':150}},"
            + "'required':['name','age'],'additionalProperties':false}",
        "{'type':'object','properties':{'a':{'type':'boolean'},'b':{'type':'null'},'c':{'type':'number'}}}",
        "{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'integer'},'c':{'type':'boolean'},"
            + "'d':{'enum':['x',1,null,{'k':[1.50,'ü']}]}},'required':['b','d'],'additionalProperties':{'type':'integer'}}",
        "{'type':'array','items':{'type':'integer','minimum':-17,'exclusiveMaximum':1000},'minItems':2,'maxItems':5}",
        "{'type':'array','prefixItems':[{'type':'string','maxLength':5},{'type':'number'}],'items':{'type':'boolean'},"
            + "'minItems':1,'maxItems':6}",
        "{'$ref':'#/$defs/tree','$defs':{'tree':{'type':'object','properties':{'v':{'type':'integer'},"
            + "'kids':{'type':'array','items':{'$ref':'#/$defs/tree'},'maxItems':2}},'required':['v']}}}",
        "{'anyOf':[{'type':'string','pattern':'^[A-Z]{2}[0-9]+$'},{'type':'null'},{'type':'integer','multipleOf':7,"
            + "'minimum':10,'maximum':500}]}",
        "{'oneOf':[{'type':'object','properties':{'kind':{'const':'cat'},'lives':{'type':'integer'}},"
            + "'required':['kind','lives']},{'type':'object','properties':{'kind':{'const':'dog'},"
            + "'good':{'type':'boolean'}},'required':['kind']}]}",
        "{'allOf':[{'type':'object','properties':{'a':{'type':'integer','minimum':3}},'required':['a']},"
            + "{'properties':{'a':{'maximum':9},'b':{'type':'string','minLength':2,'maxLength':4}},'required':['b']}]}",
        "{'type':'object','additionalProperties':{'type':'array','items':{'type':'string','maxLength':3}}}",
        "{'type':'object','patternProperties':{'^x_[a-z]+$':{'type':'integer'},'^y':{'type':'boolean'}},"
            + "'additionalProperties':false}",
        "{'type':'object','propertyNames':{'pattern':'^[a-c]{1,3}$'},'additionalProperties':{'type':'number'},"
            + "'maxProperties':3,'minProperties':1}",
        "{'type':'object','properties':{'d':{'type':'string','format':'date'},'t':{'type':'string',"
            + "'format':'date-time'},'u':{'type':'string','format':'uuid'}},'required':['d','t','u']}",
        "{'type':'number','minimum':-1.25,'maximum':3.75}",
        "{'type':'number','exclusiveMinimum':0,'exclusiveMaximum':1}",
        "{'type':'array','minItems':1,'items':{'type':'number','exclusiveMinimum':99.5}}",
        "{'type':['string','null'],'pattern':'\\\\d\\\"\\\\s','maxLength':9}",
        "{'type':'object','properties':{'x':{},'y':true,'':{'type':'integer'},'a\\\"b\\n':{'type':'null'}},"
            + "'required':['x','','a\\\"b\\n','z']}",
        "{'enum':['red','green','blue',12,[true,{}]]}",
        "{'type':'object','properties':{'p':{'type':'object','properties':{'q':{'type':'array','items':{'type':'array',"
            + "'items':{'anyOf':[{'type':'integer'},{'type':'string','enum':['é','日本']}]}}}},'required':['q']}},"
            + "'required':['p'],'minProperties':1}",
        "{'$defs':{'a/b':{'type':'string','minLength':1}},'type':'object','required':['k'],'properties':{'k':"
            + "{'$ref':'#/$defs/a~1b','maxLength':3,'description':'d'}},'unevaluatedProperties':false}",
        "{'type':'object'}", "true");
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void every_text_that_comes_to_an_end_is_valid(String quoted) throws IOException {
    String schema = quoted.replace('\'', '"');
    Validator validator = new Validator(JSON.readTree(schema));
    int finished = 0;
    for (long seed = 0; seed < 50; seed++) {
      String text = Drawn.text(Grammar.json(schema), seed, 400);
      if (text != null) {
        finished++;
        JsonNode value = JSON.readTree(text);
        assertThat(validator.valid(value)).as("%s: %s", schema, text).isTrue();
      }
    }
    assertThat(finished).as(schema).isGreaterThan(25);
  }

  @Test
  void values_are_taken_as_the_schema_says() {
    Grammar age = Grammar.json("{\"type\":\"integer\",\"minimum\":-5,\"exclusiveMaximum\":120,\"multipleOf\":5}");
    assertThat(List.of("-5", "0", "5", "115", "100")).allMatch(text -> Drawn.matches(age, text));
    assertThat(List.of("-10", "120", "1", "05", "5.0", "", "-")).noneMatch(text -> Drawn.matches(age, text));
    Grammar share = Grammar.json("{\"type\":\"number\",\"minimum\":-0.5,\"exclusiveMaximum\":10.25}");
    assertThat(List.of("-0.5", "-0.499", "0", "9.99", "10", "10.2", "10.2499", "7.25"))
        .allMatch(text -> Drawn.matches(share, text));
    assertThat(List.of("-0.51", "-1", "10.25", "10.3", "11", "100", "10.250", "01")).noneMatch(
        text -> Drawn.matches(share, text));
    Grammar pair = Grammar.json("{\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"null\"}}}");
    assertThat(List.of("{}", "{\"a\":null}", "{\"b\": null}", "{ \"a\": null, \"b\":null\n}",
        "{\n  \"a\": null,\n  \"b\": null\n}")).allMatch(text -> Drawn.matches(pair, text));
    assertThat(List.of("{\"b\":null,\"a\":null}", "{,}", "{\"a\":null,}", "{\"c\":null}", "{}}", "{"))
        .noneMatch(text -> Drawn.matches(pair, text));
    Grammar any = Grammar.json();
    assertThat(List.of("{}", "{\"a\": [1, {\"b\": [[], {}, \"\\u00e9\\n\", -1.5e+3, true]}]}"))
        .allMatch(text -> Drawn.matches(any, text));
    assertThat(List.of("[]", "{\"a\":\"\\ud800\"}", "{\"a\":01}", "{\"a\":\"\n\"}", "{\"a\" 1}"))
        .noneMatch(text -> Drawn.matches(any, text));
  }

  @Test
  void deep_values_are_followed() {
    String deep = "{\"a\":".repeat(300) + "[".repeat(300) + "]".repeat(300) + "}".repeat(300);
    assertThat(Drawn.matches(Grammar.json(), deep)).isTrue();
    assertThat(Drawn.matches(Grammar.json(), deep + "}")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'$ref':'http://127.0.0.1/x.json'}", "{'$ref':'file:///etc/passwd'}", "{'$ref':'#/x'}",
      "{'$ref':'#'}", "{'type':'text'}", "{'type':5}", "[]", "5", "{'not':{}}", "{'if':{}}",
      "{'type':'array','uniqueItems':true}", "{'type':'array','contains':{}}", "{'enum':5}", "{'enum':[]}", "false",
      "{'type':'string','pattern':'(a'}", "{'type':'string','pattern':'a{1,99999999}'}",
      "{'type':'string','maxLength':99999999}", "{'type':'array','minItems':99999999}", "{'minLength':-1}",
      "{'minLength':'a'}", "{'type':'integer','minimum':5,'maximum':4}", "{'type':'number','multipleOf':0.1}",
      "{'oneOf':[{'type':'integer'},{'type':'number'}]}", "{'anyOf':[]}", "{'anyOf':5}", "{", "{} {}",
      "{'type':'object','required':['a'],'additionalProperties':false}", "{'type':'object','minProperties':5}",
      "{'allOf':[{'type':'string'},{'type':'null'}]}", "{'type':'array','items':5}", "{'type':'integer','minimum':'a'}",
      "{'$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}},'$ref':'#/$defs/a'}",
      "{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']}"})
  void what_cannot_be_promised_is_refused(String quoted) {
    assertThatThrownBy(() -> Drawn.COMPILER.matcher(Grammar.json(quoted.replace('\'', '"'))))
        .isInstanceOf(InvalidPlanException.class).hasMessageMatching("(?s)The .*");
  }

  @Test
  void schemas_beyond_the_limits_are_refused() {
    String huge = "{\"enum\":[" + IntStream.range(0, 100_000).mapToObj(String::valueOf)
        .collect(Collectors.joining(",")) + "]}";
    String deep = "{\"items\":".repeat(200) + "{}" + "}".repeat(200);
    String abyss = "{\"items\":".repeat(5_000) + "{}" + "}".repeat(5_000);
    String nested = "{\"type\":\"integer\"}";
    for (int i = 0; i < 6; i++) {
      nested = "{\"type\":\"array\",\"minItems\":999,\"items\":" + nested + "}";
    }
    String wild = "{\"type\":\"string\",\"pattern\":\"(.*a.{25}){1,50}\"}";
    for (String schema : List.of(huge, deep, abyss, wild)) {
      assertThatThrownBy(() -> Drawn.HASTY.matcher(Grammar.json(schema))).isInstanceOf(InvalidPlanException.class);
    }
    // rules are called, not copied: this is large only when it is written
    assertThat(Drawn.COMPILER.matcher(Grammar.json(nested)).complete()).isFalse();
  }

  @Test
  void schemas_that_only_look_small_are_refused_in_time() {
    StringBuilder doubling = new StringBuilder("{\"$ref\":\"#/$defs/a40\",\"minLength\":1,\"$defs\":{\"a0\":{}");
    for (int i = 1; i <= 40; i++) {
      String before = "{\"$ref\":\"#/$defs/a" + (i - 1) + "\"}";
      doubling.append(",\"a" + i + "\":{\"maxLength\":" + (100 - i) + ",\"anyOf\":[" + before + "," + before + "]}");
    }
    String pairs = "{\"oneOf\":[" + IntStream.range(0, 5000).mapToObj(i -> "{\"const\":" + i + ",\"type\":\"integer\"}")
        .collect(Collectors.joining(",")) + "]}";
    for (String schema : List.of(doubling + "}}", pairs)) {
      assertThatThrownBy(() -> Drawn.HASTY.matcher(Grammar.json(schema))).isInstanceOf(InvalidPlanException.class);
    }
  }

  @Test
  void an_enum_of_many_values_is_compiled() {
    String many = "{\"enum\":[" + IntStream.range(0, 9_999).mapToObj(i -> "\"value " + i + "\"")
        .collect(Collectors.joining(",")) + "]}";
    assertThat(Drawn.matches(Grammar.json(many), "\"value 7777\"")).isTrue();
    assertThat(Drawn.matches(Grammar.json(many), "\"value 9999\"")).isFalse();
  }
}
