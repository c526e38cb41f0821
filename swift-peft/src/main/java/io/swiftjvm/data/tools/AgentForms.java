package io.swiftjvm.data.tools;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tool forms by ms-swift's names.
 *
 * {@snippet :
 * TemplateMeta meta = Templates.of("qwen2_5").agent(AgentForms.of("react_en"));
 * }
 */
public final class AgentForms {
  private static final Map<String, AgentForm> ALL = index(List.of(
      KeywordForm.REACT, KeywordForm.react("react_zh", true), KeywordForm.react("toolbench", false),
      KeywordForm.qwen("qwen_en"), KeywordForm.qwen("qwen_zh"), KeywordForm.qwen("qwen_en_parallel"),
      KeywordForm.qwen("qwen_zh_parallel")));

  private AgentForms() {}

  private static Map<String, AgentForm> index(List<AgentForm> forms) {
    Map<String, AgentForm> out = new LinkedHashMap<>();
    forms.forEach(form -> out.put(form.name(), form));
    ToolText.forms().stream().filter(name -> !out.containsKey(name)).forEach(name -> out.put(name, TextForm.of(name)));
    return Collections.unmodifiableMap(out);
  }

  /** The form of a name; a refusal lists what there is. */
  public static AgentForm of(String name) {
    AgentForm form = ALL.get(name);
    if (form == null) {
      throw new InvalidPlanException("agent_template is '" + name + "'; this version has "
          + String.join(", ", ALL.keySet()) + ". Name one of these.");
    }
    return form;
  }

  /** All names. */
  public static List<String> names() {
    return List.copyOf(ALL.keySet());
  }
}
