package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.error.MemoryException;
import io.swiftjvm.parallel.MemoryEstimate;
import io.swiftjvm.plan.MemoryFix;
import io.swiftjvm.plan.PlanFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan takes, whether that is there, and what to change if not. */
class MemoryPlanTest {
  private static final double GIB = 1L << 30;
  private static final double PARAMETERS = 70_553_706_496.0;

  @TempDir
  Path temp;

  /** The config.json of Llama-3-70B, without weights. */
  private Recipe large() throws IOException {
    Files.writeString(temp.resolve("config.json"), """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "vocab_size": 128256,
         "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80, "num_attention_heads": 64,
         "num_key_value_heads": 8, "hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
         "max_position_embeddings": 8192, "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
        """);
    return Swift.model(temp.toString()).dataset("rows.jsonl").with("max_length", 4096);
  }

  @Test
  void seventy_billion_parameters_are_estimated_from_their_config_alone() throws IOException {
    MemoryEstimate full = large().full().plan().estimate();
    assertThat(full.mapped() / 2.0).isEqualTo(PARAMETERS);
    assertThat(full.weights() / 6.0).isEqualTo(PARAMETERS);
    assertThat(full.optimizer() / 8.0).isEqualTo(PARAMETERS);
    MemoryEstimate lora = large().plan().estimate();
    assertThat(lora.weights()).isEqualTo(lora.mapped());
    assertThat(lora.adapters() / 4.0).isEqualTo(8.0 * 80 * (4 * 8192 + 2 * (8192 + 1024) + 3 * (8192 + 28672)));
    MemoryEstimate qlora = large().with("quant_method", "bnb").with("quant_bits", 4).plan().estimate();
    assertThat((qlora.weights() - qlora.mapped()) / GIB).isCloseTo(4.5 / 8 * 68.45e9 / GIB, within(0.1));
  }

  @Test
  void what_does_not_fit_gets_changes_in_order_that_add_up() throws IOException {
    Plan plan = large().full().with("per_device_train_batch_size", 4).with("gradient_checkpointing", false).plan();
    long limit = 200L << 30;
    List<MemoryFix> fixes = plan.fixes(limit);
    assertThat(fixes).extracting(MemoryFix::flag).containsExactly(
        "--per_device_train_batch_size 1 --gradient_accumulation_steps 16", "--gradient_checkpointing true",
        "--recompute_granularity full",        "--optim adamw_8bit", "--tuner_type lora");
    long total = plan.estimate().total();
    for (MemoryFix fix : fixes) {
      assertThat(fix.saved()).isPositive().isEqualTo(total - fix.total());
      total = fix.total();
    }
    assertThat(total).isLessThanOrEqualTo(limit);
    assertThat(plan.fixes(Long.MAX_VALUE)).isEmpty();
    String verdict = PlanFacts.of(plan.settings().memoryLimit(40.0)).memoryPlan().verdict();
    assertThat(verdict).contains("does NOT fit in 40.00 GiB that are allowed", "--max_length 128", "saves", "GiB",
        "a larger machine or a smaller model");
    assertThat(PlanFacts.of(plan.settings().memoryLimit(4000.0)).memoryPlan().verdict()).endsWith(
        "fits in 4000.00 GiB that are allowed");
  }

  @Test
  void a_training_beyond_its_limit_is_refused_before_it_starts_and_the_next_one_runs() {
    Recipe recipe = Swift.model("swift-tiny").dataset("swift/self-cognition#4").with("model_name", "A")
        .with("model_author", "B").with("max_steps", 1).outputDir(temp.resolve("out"));
    assertThatThrownBy(() -> recipe.with("memory_limit", 0.001).train()).isInstanceOf(MemoryException.class)
        .hasMessageContaining("memory_limit").hasMessageContaining("Most of it is activations").hasMessageContaining("What to change");
    assertThat(temp.resolve("out")).doesNotExist();
    try (Run run = recipe.with("memory_limit", 0.5).train()) {
      assertThat(run.result().orElseThrow().steps()).isEqualTo(1);
    }
  }
}
