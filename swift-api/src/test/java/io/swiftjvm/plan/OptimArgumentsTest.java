package io.swiftjvm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.train.optimizer.GaLoreSpec;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.OptimType;
import io.swiftjvm.train.optimizer.rule.LazyGap;
import io.swiftjvm.train.optimizer.rule.Projection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptimArgumentsTest {
  /** Settings of name, value, name, value, ... */
  private static Settings with(Object... pairs) {
    Map<String, Object> given = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      given.put((String) pairs[i], pairs[i + 1]);
    }
    return Arguments.apply(Settings.DEFAULT, given);
  }

  @ParameterizedTest
  @CsvSource({"adamw_torch, ADAMW", "adamw_torch_fused, ADAMW", "sgd, SGD", "adafactor, ADAFACTOR", "lion_32bit, LION",
      "muon, MUON", "adamw_8bit, ADAMW_8BIT"})
  void optim_takes_the_names_of_hugging_face(String name, OptimType type) {
    assertThat(with("optim", name).train().optim().type()).isEqualTo(type);
  }

  @Test
  void an_unknown_optimizer_or_setting_is_refused_with_what_there_is() {
    assertThatThrownBy(() -> with("optim", "adamx")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("adamx").hasMessageContaining("adafactor");
    assertThatThrownBy(() -> with("optim", "sgd", "optim_args", "rho=1")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("momentum");
    assertThatThrownBy(() -> with("optim", "sgd", "optim_args", "momentum")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("name=number");
  }

  @Test
  void its_settings_come_as_text_in_any_order_and_go_through_a_plan_file() {
    Settings given = with("optim_args", "momentum=0.9, nesterov=true", "optim", "sgd", "learning_rate", 0.01);
    OptimSpec expected =
        OptimSpec.DEFAULT.type("sgd").args(Map.of("momentum", 0.9, "nesterov", 1.0)).learningRate(0.01);
    assertThat(given.train().optim()).isEqualTo(expected);
    assertThat(Arguments.apply(Settings.DEFAULT, Arguments.flat(given))).isEqualTo(given);
  }

  @Test
  void galore_has_the_arguments_of_ms_swift() {
    Settings given = with("galore_rank", 8, "galore_update_proj_gap", 10, "galore_scale", 0.25, "galore_proj_type",
        "left", "galore_quantization", true, "galore_proj_quant", true, "galore_proj_group_size", 64,
        "galore_cos_threshold", 0.5, "galore_gamma_proj", 3.0, "galore_queue_size", 4, "use_galore", true);
    assertThat(given.train().optim().galore()).isEqualTo(GaLoreSpec.DEFAULT.rank(8).updateGap(10).scale(0.25)
        .projection(Projection.LEFT).quantized(true).packed(true).group(64).lazy(new LazyGap(0.5, 3, 4)));
    assertThat(Arguments.apply(Settings.DEFAULT, Arguments.flat(given))).isEqualTo(given);
  }

  @Test
  void galore_without_its_switch_with_another_optimizer_or_of_no_side_is_refused() {
    assertThatThrownBy(() -> with("galore_rank", 8)).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("use_galore");
    assertThatThrownBy(() -> with("use_galore", true, "optim", "sgd")).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("sgd");
    assertThatThrownBy(() -> with("use_galore", true, "galore_proj_type", "up"))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("reverse_std");
    assertThatThrownBy(() -> with("use_galore", true, "galore_proj_bits", 8))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("galore_proj_bits");
  }

  @Test
  void the_loss_has_smoothing_dft_z_loss_and_noise() {
    Settings given = with("label_smoothing_factor", 0.1, "z_loss_coeff", 1e-4, "neftune_noise_alpha", 5.0);
    assertThat(given.train().loss().form().smoothing()).isEqualTo(0.1);
    assertThat(given.train().loss().form().zWeight()).isEqualTo(1e-4);
    assertThat(given.train().loss().neftune()).isEqualTo(5);
    assertThat(with("enable_dft_loss", true).train().loss().form().dynamic()).isTrue();
    assertThatThrownBy(() -> with("enable_dft_loss", true, "label_smoothing_factor", 0.1))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("enable_dft_loss");
  }
}
