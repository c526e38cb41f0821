package io.swiftjvm.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.infer.grammar.Grammar;
import io.swiftjvm.infer.grammar.GrammarCompiler;
import io.swiftjvm.infer.grammar.GrammarLimits;
import io.swiftjvm.infer.grammar.Matcher;
import io.swiftjvm.text.HuggingFaceTokenizers;
import io.swiftjvm.text.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model that may call tools, and need not, can write. */
class ToolsTest {
  private static final String ADD = "{'type':'function','function':{'name':'add','parameters':{'type':'object',"
      + "'properties':{'x':{'type':'integer','maximum':99}},'required':['x'],'additionalProperties':false}}}";
  private static final String NOW = "{'type':'function','function':{'name':'now'}}";
  private static final String CALL = "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1}}\n</tool_call>";
  private static ModelSource source;
  private static Tokenizer tokenizer;
  private static GrammarCompiler compiler;

  @BeforeAll
  static void open() {
    source = ModelSource.locator().open("swift-tiny");
    tokenizer = HuggingFaceTokenizers.load(source.folder());
    compiler = new GrammarCompiler(tokenizer, tokenizer.vocabSize(), GrammarLimits.DEFAULT);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    source.close();
  }

  private static Tools read(String more, String... tools) {
    try {
      ObjectNode body =
          (ObjectNode) TinyServer.JSON.readTree(("{'tools':[" + String.join(",", tools) + "]" + more + "}").replace('\'', '"'));
      return Tools.read(new Fields(body), new Json(SizeLimits.DEFAULT));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean writes(Grammar form, String text) {
    Matcher matcher = compiler.matcher(form);
    try {
      for (int id : tokenizer.encode(text, false)) {
        matcher.accept(id);
      }
    } catch (IllegalArgumentException e) {
      return false;
    }
    return matcher.complete();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Hello.", "a < b, <tool", CALL, "Let me see. " + CALL, CALL + "\n" + CALL + " done",
      "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>"})
  void it_may_talk_and_call(String text) {
    assertThat(writes(read("", ADD, NOW).free().getFirst(), text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"<tool_call>", "<tool_call> is how one calls", "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1}}",
      "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 100}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"sub\", \"arguments\": {\"x\": 1}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"x\": 1}}\n</tool_call>", CALL + " and <tool_call>"})
  void a_call_that_began_is_completed_with_arguments_of_its_schema(String text) {
    assertThat(writes(read("", ADD, NOW).free().getFirst(), text)).isFalse();
  }

  @Test
  void one_call_ends_the_answer_where_several_are_not_wanted() {
    Grammar one = read(",'parallel_tool_calls':false", ADD).free().getFirst();
    assertThat(List.of("no", CALL, "See: " + CALL)).allMatch(text -> writes(one, text));
    assertThat(List.of(CALL + CALL, CALL + " more")).noneMatch(text -> writes(one, text));
  }

  @Test
  void a_schema_that_no_form_can_promise_leaves_objects_unless_the_tool_is_strict() {
    String odd = "{'type':'function','function':{'name':'odd','parameters':{'not':{'type':'string'}}%s}}";
    List<Grammar> forms = read("", odd.formatted("")).free();
    assertThat(forms).hasSize(2);
    assertThatThrownBy(() -> compiler.matcher(forms.getFirst())).isInstanceOf(InvalidPlanException.class);
    assertThat(writes(forms.getLast(), "<tool_call>{\"name\":\"odd\",\"arguments\":{\"a\":[1]}}</tool_call>")).isTrue();
    assertThat(read("", odd.formatted(",'strict':true")).free()).hasSize(1);
  }

  @Test
  void no_form_is_kept_to_where_calls_are_forced_or_not_wanted() {
    assertThat(read(",'tool_choice':'none'", ADD).free()).isEmpty();
    assertThat(read(",'tool_choice':'required'", ADD).free()).isEmpty();
    assertThat(read("").free()).isEmpty();
  }
}
