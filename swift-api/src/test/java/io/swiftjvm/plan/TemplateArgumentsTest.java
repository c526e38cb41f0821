package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Recipe;
import io.swiftjvm.Swift;
import io.swiftjvm.error.InvalidPlanException;
import org.junit.jupiter.api.Test;

class TemplateArgumentsTest {
  private static final Recipe RECIPE = Swift.model("swift-tiny");

  @Test
  void template_tool_form_and_loss_scale_are_part_of_the_plan() {
    Recipe recipe = RECIPE.with("template", "qwen2_5").with("agent_template", "react_en").with("loss_scale", "react");
    TextSettings text = recipe.plan().settings().text();
    assertThat(text.template()).isEqualTo("qwen2_5");
    assertThat(text.agentTemplate()).isEqualTo("react_en");
    assertThat(text.lossScale()).isEqualTo("react");
  }

  @Test
  void unknown_names_are_refused_when_the_plan_is_made() {
    assertThatThrownBy(() -> RECIPE.with("template", "qwen33").plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'qwen33'").hasMessageContaining("qwen3_coder");
    assertThatThrownBy(() -> RECIPE.with("agent_template", "xml").plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'xml'").hasMessageContaining("hermes");
    assertThatThrownBy(() -> RECIPE.with("loss_scale", "most").plan()).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("'most'").hasMessageContaining("alpha_umi");
  }

  @Test
  void the_models_own_template_takes_no_tool_form_and_no_filter() {
    assertThatThrownBy(() -> RECIPE.with("template", "jinja").with("agent_template", "hermes").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("agent_template");
    assertThatThrownBy(() -> RECIPE.with("template", "jinja").with("loss_scale", "hermes").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("loss_scale");
  }
}
