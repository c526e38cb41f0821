package io.swiftjvm.tuner.method;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.autograd.Broadcasts;
import io.swiftjvm.autograd.HostMath;
import io.swiftjvm.autograd.Matrices;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.ConfigReader;
import io.swiftjvm.tuner.ConfigWriter;
import io.swiftjvm.tuner.LoraTargets;
import io.swiftjvm.tuner.TunerMethod;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * AdaLoRA (arXiv 2303.10512): {@code W + alpha/rank * B (E * A)}, a singular value decomposition whose small values
 * are given up while training; their ranks stay in the files with a value of 0. Files without them are read too.
 *
 * {@snippet :
 * TunerAdapter adapter = new TunerTransform("default", AdaLoraSpec.DEFAULT, 42).attach(model);
 * }
 *
 * @param rank start rank, 1 or more; 12 as in ms-swift and PEFT
 * @param targetRank mean rank to end with; 8 as in ms-swift and PEFT
 * @param alpha the update is scaled by alpha/rank; 32 as in ms-swift, PEFT has 8
 * @param dropout on the input in training; 0.05 as in ms-swift, PEFT has 0
 * @param orthogonality factor on what keeps A and B orthogonal in training; 0.5 as in ms-swift and PEFT
 * @param schedule when ranks are given up
 * @param rankPattern which ranks are left where, by the name of E
 * @param targets which projections
 */
public record AdaLoraSpec(
    int rank, int targetRank, double alpha, double dropout, double orthogonality,
    RankSchedule schedule, Map<String, List<Boolean>> rankPattern, LoraTargets targets) implements ProjectionSpec {
  /** Rank 12, alpha 32, all projections but the head. */
  public static final AdaLoraSpec DEFAULT =
      new AdaLoraSpec(12, 8, 32, 0.05, 0.5, RankSchedule.DEFAULT, Map.of(), LoraTargets.ALL);

  static final String TYPE = "ADALORA";
  static final TunerMethod<AdaLoraSpec> METHOD = TunerMethod.of("adalora", DEFAULT)
      .integer("adalora_init_r", "Start rank.", AdaLoraSpec::rank, AdaLoraSpec::rank)
      .integer("adalora_target_r", "Mean rank to end with.", AdaLoraSpec::targetRank, AdaLoraSpec::targetRank)
      .number("lora_alpha", "The update is scaled by alpha/rank.", AdaLoraSpec::alpha, AdaLoraSpec::alpha)
      .number("lora_dropout", "Share of the adapter's inputs zeroed in training.",
          AdaLoraSpec::dropout, AdaLoraSpec::dropout)
      .number("adalora_orth_reg_weight", "Factor on what keeps A and B orthogonal.",
          AdaLoraSpec::orthogonality, AdaLoraSpec::orthogonality)
      .integer("adalora_tinit", "First steps with all ranks.", s -> s.schedule.warmup(),
          (s, v) -> s.schedule(s.schedule.warmup(v)))
      .integer("adalora_tfinal", "Last steps, in which no rank changes.", s -> s.schedule.fixed(),
          (s, v) -> s.schedule(s.schedule.fixed(v)))
      .integer("adalora_deltaT", "Ranks are chosen again every so many steps.", s -> s.schedule.interval(),
          (s, v) -> s.schedule(s.schedule.interval(v)))
      .number("adalora_beta1", "How slowly the importance of a weight changes.", s -> s.schedule.sensitivity(),
          (s, v) -> s.schedule(s.schedule.sensitivity(v)))
      .number("adalora_beta2", "How slowly the doubt about it changes.", s -> s.schedule.uncertainty(),
          (s, v) -> s.schedule(s.schedule.uncertainty(v)))
      .targets(AdaLoraSpec::targets, AdaLoraSpec::targets);

  public AdaLoraSpec {
    Ranges.atLeast("adalora.rank", rank, 1);
    Ranges.atLeast("adalora.targetRank", targetRank, 1);
    Ranges.scale("adalora.alpha", alpha);
    Ranges.dropout("adalora.dropout", dropout);
    Ranges.check(orthogonality >= 0, "adalora.orthogonality is " + orthogonality + "; it must be 0 or more.");
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
  }

  static TunerSpec read(ConfigReader config) {
    for (String key : List.of("r", "total_step", "megatron_config", "loftq_config", "eva_config", "corda_config")) {
      config.node(key);
    }
    config.only("init_lora_weights", "true", "false");
    return new AdaLoraSpec(config.integer("init_r", 12), config.integer("target_r", 8), config.number("lora_alpha", 8),
        config.number("lora_dropout", 0), config.number("orth_reg_weight", 0.5),
        new RankSchedule(config.integer("tinit", 0), config.integer("tfinal", 0), config.integer("deltaT", 1),
            config.number("beta1", 0.85), config.number("beta2", 0.85)),
        config.flags("rank_pattern"), config.targets());
  }

  /** Sets rank: start rank, 1 or more; 12 as in ms-swift and PEFT. */
  public AdaLoraSpec rank(int value) {
    return new AdaLoraSpec(value, targetRank, alpha, dropout, orthogonality, schedule, rankPattern, targets);
  }

  /** Sets targetRank: mean rank to end with; 8 as in ms-swift and PEFT. */
  public AdaLoraSpec targetRank(int value) {
    return new AdaLoraSpec(rank, value, alpha, dropout, orthogonality, schedule, rankPattern, targets);
  }

  /** Sets alpha: the update is scaled by alpha/rank; 32 as in ms-swift, PEFT has 8. */
  public AdaLoraSpec alpha(double value) {
    return new AdaLoraSpec(rank, targetRank, value, dropout, orthogonality, schedule, rankPattern, targets);
  }

  /** Sets dropout: on the input in training; 0.05 as in ms-swift, PEFT has 0. */
  public AdaLoraSpec dropout(double value) {
    return new AdaLoraSpec(rank, targetRank, alpha, value, orthogonality, schedule, rankPattern, targets);
  }

  /** Sets orthogonality: factor on what keeps A and B orthogonal in training; 0.5 as in ms-swift and PEFT. */
  public AdaLoraSpec orthogonality(double value) {
    return new AdaLoraSpec(rank, targetRank, alpha, dropout, value, schedule, rankPattern, targets);
  }

  /** Sets schedule: when ranks are given up. */
  public AdaLoraSpec schedule(RankSchedule value) {
    return new AdaLoraSpec(rank, targetRank, alpha, dropout, orthogonality, value, rankPattern, targets);
  }

  /** Sets rankPattern: which ranks are left where, by the name of E. */
  public AdaLoraSpec rankPattern(Map<String, List<Boolean>> value) {
    return new AdaLoraSpec(rank, targetRank, alpha, dropout, orthogonality, schedule, value, targets);
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public AdaLoraSpec targets(LoraTargets value) {
    return new AdaLoraSpec(rank, targetRank, alpha, dropout, orthogonality, schedule, rankPattern, value);
  }

  @Override
  public void write(ObjectNode json) {
    json.put("init_r", rank);
    json.put("target_r", targetRank);
    ConfigWriter.number(json, "lora_alpha", alpha);
    json.put("lora_dropout", dropout);
    json.put("orth_reg_weight", orthogonality);
    json.put("tinit", schedule.warmup());
    json.put("tfinal", schedule.fixed());
    json.put("deltaT", schedule.interval());
    json.put("beta1", schedule.sensitivity());
    json.put("beta2", schedule.uncertainty());
    // PEFT refuses a schedule that has no steps left; nothing of it matters once the adapter is trained.
    json.put("total_step", schedule.warmup() + schedule.fixed() + 1);
    ObjectNode pattern = json.putObject("rank_pattern");
    rankPattern.forEach((name, kept) -> kept.forEach(pattern.withArray(name)::add));
  }

  @Override
  public List<long[]> shapes(Place place) {
    return List.of(new long[] {rank, place.in()}, new long[] {rank, 1}, new long[] {place.out(), rank});
  }

  @Override
  public LinearTuner at(Site site) {
    int left = rankPattern.entrySet().stream().filter(e -> e.getKey().contains(site.path() + ".lora_E")).findFirst()
        .map(e -> (int) e.getValue().stream().filter(kept -> kept).count()).orElse(rank);
    Parameter a = site.learnt("lora_A", Start.normal(0.02), left, site.in());
    Parameter e = site.learnt("lora_E", Start.ZERO, left, 1);
    Parameter b = site.learnt("lora_B", Start.normal(0.02), site.out(), left);
    // The 1e-5 is that of PEFT; what was pruned does not change the scale.
    float scale = (float) (alpha / (rank + 1e-5));
    return new LinearTuner.Path(dropout, (ops, x) -> ops.scale(ops.linear(
        Broadcasts.multiplyRow(ops, ops.linear(x, a.value(), null), e.value()), b.value(), null), scale));
  }

  @Override
  public TrainingState training(CausalLm model, List<Parameter> parameters) {
    return new RankBudget(model, parameters, schedule, targetRank);
  }

  // The mean of |A A^T - I| and |B^T B - I| over all projections.
  @Override
  public @Nullable Tensor penalty(Ops ops, List<Parameter> parameters) {
    Tensor sum = null;
    int count = 0;
    for (Parameter p : parameters) {
      boolean a = p.name().contains(".lora_A.");
      if (a || p.name().contains(".lora_B.")) {
        Tensor covariance = Matrices.multiply(ops, p.value(), !a, p.value(), a);
        Tensor identity = Constants.identity(ops, covariance.shape());
        Tensor rest = ops.add(covariance, ops.scale(identity, -1));
        Tensor square = Broadcasts.sumColumns(ops, ops.reshape(ops.multiply(rest, rest), 1, rest.size()));
        Tensor norm = HostMath.map(ops, square, Math::sqrt, v -> v == 0 ? 0 : 0.5 / Math.sqrt(v));
        sum = sum == null ? norm : ops.add(sum, norm);
        count++;
      }
    }
    return sum == null ? null : ops.scale(ops.reshape(sum, 1), (float) (orthogonality / count));
  }
}
