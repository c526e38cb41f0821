package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import java.util.List;
import java.util.Map;

/**
 * AdaLoRA (arXiv 2303.10512): {@code W + alpha/rank * B (E * A)}, a singular value decomposition whose small values are to
 * be pruned while training. Here E is trained like A and B; ranks pruned elsewhere are read.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", AdaLoraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank start rank, 1 or more; 12 as in ms-swift and PEFT
 * @param targetRank rank to end with, below {@code rank}; 8 as in ms-swift and PEFT
 * @param alpha the update is scaled by alpha/rank; 32 as in ms-swift, PEFT has 8
 * @param dropout on the input in training; 0.05 as in ms-swift, PEFT has 0
 * @param rankPattern which ranks are left where, by the name of E
 * @param targets which projections
 */
public record AdaLoraSpec(
    int rank, int targetRank, double alpha, double dropout, Map<String, List<Boolean>> rankPattern, LoraTargets targets) implements TunerSpec {
  /** Rank 12, alpha 32, all projections but the head. */
  public static final AdaLoraSpec DEFAULT = new AdaLoraSpec(12, 8, 32, 0.05, Map.of(), LoraTargets.ALL);

  static final String TYPE = "ADALORA";

  public AdaLoraSpec {
    Ranges.atLeast("adalora.rank", rank, 1);
    Ranges.atLeast("adalora.targetRank", targetRank, 1);
    Ranges.scale("adalora.alpha", alpha);
    Ranges.dropout("adalora.dropout", dropout);
    rankPattern = Map.copyOf(rankPattern);
  }

  static TunerSpec read(ConfigReader config) {
    for (String key : List.of("r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight", "total_step",
        "megatron_config", "loftq_config", "eva_config", "corda_config", "lora_bias")) {
      config.node(key);
    }
    config.only("init_lora_weights", "true", "false");
    return new AdaLoraSpec(config.integer("init_r", 12), config.integer("target_r", 8), config.number("lora_alpha", 8),
        config.number("lora_dropout", 0), config.flags("rank_pattern"), config.targets());
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public AdaLoraSpec targets(LoraTargets value) {
    return new AdaLoraSpec(rank, targetRank, alpha, dropout, rankPattern, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("init_r", rank);
    json.put("target_r", targetRank);
    ConfigWriter.number(json, "lora_alpha", alpha);
    json.put("lora_dropout", dropout);
    // PEFT refuses a schedule without steps; nothing of it matters once the adapter is trained.
    json.put("total_step", 1);
    ObjectNode pattern = json.putObject("rank_pattern");
    rankPattern.forEach((name, kept) -> kept.forEach(pattern.withArray(name)::add));
  }

  @Override
  public LinearTuner at(Site site) {
    int left = rankPattern.entrySet().stream().filter(e -> e.getKey().contains(site.path() + ".lora_E")).findFirst()
        .map(e -> (int) e.getValue().stream().filter(kept -> kept).count()).orElse(rank);
    Parameter a = site.learnt("lora_A", Start.normal(0.02), left, site.in());
    Parameter e = site.learnt("lora_E", Start.ZERO, left, 1);
    Parameter b = site.learnt("lora_B", Start.normal(0.02), site.out(), left);
    // alpha/(rank + 1e-5) as in PEFT, which may have no rank left.
    float scale = (float) (alpha / (left + 1e-5));
    return new LinearTuner.Path(dropout, (ops, x) -> ops.scale(ops.linear(
        Broadcasts.multiplyRow(ops, ops.linear(x, a.value(), null), e.value()), b.value(), null), scale));
  }
}
