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
import io.swiftjvm.text.SpecialTokens;
import io.swiftjvm.text.Tokenizer;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  private static List<Grammar> forms(String more, String... tools) {
    Tools read = read(more, tools);
    return FreeCalls.of(FreeCalls.Kind.HERMES, read.free(), read.parallel(), mark -> false);
  }

  private static boolean writes(Grammar form, String text) {
    return writes(compiler, tokenizer.encode(text, false), form);
  }

  private static boolean writes(GrammarCompiler compiler, int[] ids, Grammar form) {
    Matcher matcher = compiler.matcher(form);
    try {
      for (int id : ids) {
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
    assertThat(writes(forms("", ADD, NOW).getFirst(), text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"<tool_call>", "<tool_call> is how one calls", "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 1}}",
      "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"x\": 100}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"sub\", \"arguments\": {\"x\": 1}}\n</tool_call>",
      "<tool_call>\n{\"name\": \"now\", \"arguments\": {\"x\": 1}}\n</tool_call>", CALL + " and <tool_call>"})
  void a_call_that_began_is_completed_with_arguments_of_its_schema(String text) {
    assertThat(writes(forms("", ADD, NOW).getFirst(), text)).isFalse();
  }

  @Test
  void one_call_ends_the_answer_where_several_are_not_wanted() {
    Grammar one = forms(",'parallel_tool_calls':false", ADD).getFirst();
    assertThat(List.of("no", CALL, "See: " + CALL)).allMatch(text -> writes(one, text));
    assertThat(List.of(CALL + CALL, CALL + " more")).noneMatch(text -> writes(one, text));
  }

  @Test
  void a_schema_that_no_form_can_promise_leaves_objects_unless_the_tool_is_strict() {
    String odd = "{'type':'function','function':{'name':'odd','parameters':{'not':{'type':'string'}}%s}}";
    List<Grammar> forms = forms("", odd.formatted(""));
    assertThat(forms).hasSize(2);
    assertThatThrownBy(() -> compiler.matcher(forms.getFirst())).isInstanceOf(InvalidPlanException.class);
    assertThat(writes(forms.getLast(), "<tool_call>{\"name\":\"odd\",\"arguments\":{\"a\":[1]}}</tool_call>")).isTrue();
    assertThat(forms("", odd.formatted(",'strict':true"))).hasSize(1);
  }

  @Test
  void no_form_is_kept_to_where_calls_are_forced_or_not_wanted() {
    assertThat(forms(",'tool_choice':'none'", ADD)).isEmpty();
    assertThat(forms(",'tool_choice':'required'", ADD)).isEmpty();
    assertThat(forms("")).isEmpty();
  }

  /** A form's marks as plain text, or as special tokens, which here take the ids of the last plain ones. */
  private static Tokenizer marked(List<String> marks) {
    int first = tokenizer.vocabSize() - marks.size();
    SpecialTokens own = tokenizer.special();
    Set<Integer> all = new HashSet<>(own.all());
    marks.forEach(mark -> all.add(first + marks.indexOf(mark)));
    SpecialTokens special =
        new SpecialTokens(own.bos(), own.eos(), own.pad(), own.unk(), all, own.bosToken(), own.eosToken());
    return (Tokenizer) Proxy.newProxyInstance(Tokenizer.class.getClassLoader(), new Class<?>[] {Tokenizer.class},
        (proxy, method, arguments) -> switch (method.getName()) {
          case "special" -> special;
          case "id" -> marks.contains(arguments[0]) ? OptionalInt.of(first + marks.indexOf(arguments[0]))
              : tokenizer.id((String) arguments[0]);
          default -> method.invoke(tokenizer, arguments);
        });
  }

  /** Text with marks in it as ids. */
  private static int[] ids(Tokenizer of, List<String> marks, String text) {
    String pattern = marks.stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return marks.isEmpty() ? tokenizer.encodePlain(text)
        : Stream.of(text.split("(?<=" + pattern + ")|(?=" + pattern + ")", -1)).filter(part -> !part.isEmpty())
            .flatMapToInt(part -> marks.contains(part) ? IntStream.of(of.id(part).getAsInt())
                : IntStream.of(tokenizer.encodePlain(part))).toArray();
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', quoteCharacter = '~', value = {
      "MISTRAL_LIST; [TOOL_CALLS]; [TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"x\": 1}}, {\"name\": \"now\", \"arguments\": {}}]",
      "MISTRAL_NAMES; [TOOL_CALLS] [ARGS] [CALL_ID]; Sure.[TOOL_CALLS]add[CALL_ID]ab[ARGS]{\"x\": 1}[TOOL_CALLS]now[ARGS]{}",
      "DEEPSEEK; <｜tool▁calls▁begin｜> <｜tool▁call▁begin｜> <｜tool▁sep｜> <｜tool▁call▁end｜> <｜tool▁calls▁end｜>; Ok"
          + "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"x\": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      "DEEPSEEK_FENCED; <｜tool▁calls▁begin｜> <｜tool▁call▁begin｜> <｜tool▁sep｜> <｜tool▁call▁end｜> <｜tool▁calls▁end｜>; "
          + "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add|n```json|n{\"x\": 1}|n```<｜tool▁call▁end｜>|n"
          + "<｜tool▁call▁begin｜>function<｜tool▁sep｜>now|n```json|n{}|n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      "LLAMA; <|python_tag|>; <|python_tag|>{\"name\": \"add\", \"parameters\": {\"x\": 1}}",
      "GLM; <tool_call> <arg_key> </arg_key> <arg_value> </arg_value> </tool_call>; So:|n<tool_call>add|n<arg_key>x</arg_key>|n"
          + "<arg_value>1</arg_value>|n<arg_key>s</arg_key>|n<arg_value>a < b</arg_value>|n</tool_call>|n<tool_call>now|n</tool_call>",
      "CODER; <tool_call> </tool_call>; <tool_call>|n<function=add>|n<parameter=x>|n1|n</parameter>|n</function>|n</tool_call>"})
  void a_call_in_a_models_own_form_is_completed_with_arguments_of_its_schema(
      FreeCalls.Kind kind, String marks, String text) {
    String add = ADD.replace("'maximum':99}}", "'maximum':99},'s':{'type':'string'}}");
    String call = text.replace("|n", "\n");
    for (List<String> special : List.of(List.<String>of(), List.of(marks.split(" ")))) {
      Tokenizer own = marked(special);
      Predicate<String> is = special::contains;
      GrammarCompiler forms = new GrammarCompiler(own, own.vocabSize(), GrammarLimits.DEFAULT);
      Grammar form = FreeCalls.of(kind, read("", add, NOW).free(), true, is).getFirst();
      List.of("", "Hello, {\"name\": 5} <tool", call)
          .forEach(good -> assertThat(writes(forms, ids(own, special, good), form)).as(good).isTrue());
      String begin = marks.split(" ")[0];
      List.of(begin, begin + " is a mark", call.replaceFirst("1", "100"), call.replaceFirst("1", "true"),
          call.replaceFirst("add", "sub"), call.substring(0, call.length() - 2))
          .forEach(bad -> assertThat(writes(forms, ids(own, special, bad), form)).as(special + bad).isFalse());
      Grammar loose = FreeCalls.of(kind, read("", add, NOW).free(), true, is).getLast();
      assertThat(writes(forms, ids(own, special, call), loose)).isTrue();
      Grammar one = FreeCalls.of(kind, read("", add, NOW).free(), false, is).getFirst();
      assertThat(writes(forms, ids(own, special, call), one)).as("one call only").isEqualTo(!call.contains("now"));
    }
  }

  @Test
  void forms_are_chosen_by_what_a_chat_template_teaches() {
    Map<String, FreeCalls.Kind> kinds = Map.of("<tool_call>", FreeCalls.Kind.HERMES, "[TOOL_CALLS]",
        FreeCalls.Kind.MISTRAL_LIST, "[TOOL_CALLS] [ARGS]", FreeCalls.Kind.MISTRAL_NAMES, "<|python_tag|>",
        FreeCalls.Kind.LLAMA, "<|observation|>", FreeCalls.Kind.NONE, "<arg_key>", FreeCalls.Kind.GLM, "tool▁calls",
        FreeCalls.Kind.DEEPSEEK, "tool▁calls ```json", FreeCalls.Kind.DEEPSEEK_FENCED);
    kinds.forEach((template, kind) -> assertThat(ToolDialect.of(template, List.of()).kind()).isEqualTo(kind));
    assertThat(FreeCalls.of(FreeCalls.Kind.NONE, read("", ADD).free(), true, mark -> false)).isEmpty();
  }

  @Test
  void a_special_token_that_the_tokenizer_does_not_have_is_refused() {
    assertThatThrownBy(() -> compiler.matcher(Grammar.special("<|nothing|>"))).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("<|nothing|>");
    assertThatThrownBy(() -> compiler.matcher(Grammar.special("a"))).isInstanceOf(InvalidPlanException.class);
  }
}
