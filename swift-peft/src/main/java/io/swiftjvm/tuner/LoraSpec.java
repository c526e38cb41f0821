package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.MixerConfig;
import io.swiftjvm.model.ModelShapes;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Low-rank adapters (arXiv 2106.09685): {@code y = W x + (alpha / rank) B A dropout(x)}; only A (rank,in) and B
 * (out,rank) are trained.
 *
 * {@snippet :
 * LoraSpec spec = LoraSpec.DEFAULT.rank(16).alpha(32).targets("q_proj", "v_proj");
 * LoraAdapter adapter = new LoraTransform("default", spec, 42).attach(model);
 * }
 *
 * @param rank rank of A and B, 1 .. 1,000,000 (below both sizes to save anything)
 * @param alpha the update is scaled by alpha/rank; finite and not 0
 * @param dropout share of inputs zeroed in training, 0 .. below 1
 * @param targets which projections
 * @param rsLora scale by alpha/sqrt(rank) instead (arXiv 2312.03732)
 * @param loraPlusRatio learning rate of B over that of A (LoRA+, arXiv 2402.12354); null = 1
 * @param init start of A
 * @param rankPattern other ranks by module-name pattern, first match counts
 * @param alphaPattern other alphas by module-name pattern
 * @param extras what is left as it is by most
 */
public record LoraSpec(
    int rank, double alpha, double dropout, LoraTargets targets, boolean rsLora, @Nullable Double loraPlusRatio,
    LoraInit init, Map<String, Integer> rankPattern, Map<String, Double> alphaPattern, LoraExtras extras)
    implements Tuning {
  /** rank 8, alpha 32, dropout 0.05, all projections but the head: the defaults of ms-swift, not those of PEFT. */
  public static final LoraSpec DEFAULT = new LoraSpec(
      8, 32, 0.05, LoraTargets.ALL, false, null, LoraInit.KAIMING_UNIFORM, Map.of(), Map.of(), LoraExtras.NONE);

  /** The flags of {@code --tuner_type lora}. */
  public static final TunerMethod<LoraSpec> METHOD = TunerMethod.of("lora", DEFAULT)
      .integer("lora_rank", "Rank of A and B.", LoraSpec::rank, LoraSpec::rank)
      .number("lora_alpha", "The update is scaled by alpha/rank.", LoraSpec::alpha, LoraSpec::alpha)
      .number("lora_dropout", "Share of the adapter's inputs zeroed in training.",
          LoraSpec::dropout, LoraSpec::dropout)
      .targets(LoraSpec::targets, LoraSpec::targets)
      .flag("use_rslora", "Scale by alpha/sqrt(rank).", LoraSpec::rsLora, LoraSpec::rsLora)
      .number("lorap_lr_ratio", "Learning rate of B over that of A (LoRA+).",
          LoraSpec::loraPlusRatio, LoraSpec::loraPlusRatio)
      .text("init_weights", "Start: true (kaiming_uniform), false (B too), gaussian, pissa, olora, loftq or lora-ga; mini or bat for miss.",
          s -> s.init.plain(), (s, v) -> s.init(LoraInit.of(v)))
      .integer("lora_ga_batch_size", "Rows in a batch that lora-ga takes gradients of.",
          s -> s.gradient().batch(), (s, v) -> s.gradient(g -> g.batch(v)))
      .integer("lora_ga_iters", "Batches that lora-ga takes gradients of.",
          s -> s.gradient().iters(), (s, v) -> s.gradient(g -> g.iters(v)))
      .integer("lora_ga_max_length", "Tokens of a row that lora-ga looks at; texts that belong together (embeddings, rerankers, classes) are looked at whole.",
          s -> s.gradient().maxLength(), (s, v) -> s.gradient(g -> g.maxLength(v)))
      .text("lora_ga_direction", "Singular vectors of A and B under lora-ga: ArB2r, A2rBr, ArBr, random.",
          s -> s.gradient().direction().toString(), (s, v) -> s.gradient(g -> g.direction(GradientStart.Direction.of(v))))
      .text("lora_ga_scale", "Size of the start of lora-ga: stable, weight_svd, gd_scale, unit.",
          s -> s.gradient().scale().toString(), (s, v) -> s.gradient(g -> g.scale(GradientStart.Scale.of(v))))
      .integer("lora_ga_stable_gamma", "Gamma of the stable scale.",
          s -> s.gradient().gamma(), (s, v) -> s.gradient(g -> g.gamma(v)))
      .integer("loftq_bits", "Bits of the weights that loftq makes.",
          s -> s.loftq().bits(), (s, v) -> s.loftq(l -> l.bits(v)))
      .integer("loftq_iter", "Rounds of loftq.", s -> s.loftq().iters(), (s, v) -> s.loftq(l -> l.iters(v)))
      .number("group_size_ratio", "Share of max_length that is a group of attention in training (LongLoRA); 0 = all of it.",
          s -> s.attention().ratio(), (s, v) -> s.attention(s.attention().ratio(v)))
      .integer("group_size_length", "Tokens that group_size_ratio is of; 0 = max_length.",
          s -> s.attention().length(), (s, v) -> s.attention(s.attention().length(v)))
      .flag("lora_fa", "Train B only (LoRA-FA).", LoraSpec::freezeA, LoraSpec::freezeA)
      .texts("modules_to_save", "Modules that are trained and saved whole beside the adapter, by path or end of path.",
          LoraSpec::modulesToSave, LoraSpec::modulesToSave)
      .text("lora_bias", "Biases of the model that are trained too: none, all, or lora_only for those of the targets.",
          s -> s.bias().plain(), (s, v) -> s.bias(LoraBias.of(v)))
      .texts("target_parameters", "Stacked tensors of experts in PEFT; none, since experts are projections here.",
          s -> List.of(), (s, v) -> {
            if (!v.isEmpty()) {
              throw new InvalidPlanException("target_parameters is " + v + "; here the experts of a model are projections of "
                  + "their own, each with its A and B. Name them in target_modules: gate_proj, up_proj, down_proj.");
            }
            return s;
          })
      .map("rank_pattern", "Ranks by pattern for module names, as JSON.", LoraSpec::rankPattern,
          (s, v) -> s.rankPattern(numbers(v, number -> {
            if (number.doubleValue() != number.intValue()) {
              throw new InvalidPlanException("rank_pattern holds " + number + "; a rank is a whole number.");
            }
            return number.intValue();
          })))
      .map("alpha_pattern", "Alphas by pattern for module names, as JSON.", LoraSpec::alphaPattern,
          (s, v) -> s.alphaPattern(numbers(v, Number::doubleValue)))
      .alias("longlora",
          DEFAULT.modulesToSave(List.of("embed_tokens", "norm")).attention(ShiftedAttention.NONE.ratio(0.25)));

  private static final int MAX_RANK = 1_000_000;

  public LoraSpec {
    checkRank("rank", rank);
    checkAlpha("alpha", alpha);
    if (!(dropout >= 0 && dropout < 1)) {
      throw new InvalidPlanException("lora.dropout is " + dropout + "; it must be 0 or more and below 1.");
    }
    if (loraPlusRatio != null && !(loraPlusRatio > 0 && Double.isFinite(loraPlusRatio))) {
      throw new InvalidPlanException("lora.loraPlusRatio is " + loraPlusRatio + "; it must be above 0, 16 is usual.");
    }
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    rankPattern.forEach((name, value) -> checkRank("rankPattern[" + name + "]", value));
    alphaPattern.forEach((name, value) -> checkAlpha("alphaPattern[" + name + "]", value));
    rankPattern.keySet().forEach(LoraTargets::compile);
    alphaPattern.keySet().forEach(LoraTargets::compile);
  }

  /** Sets the rank. Default: 8. Legal: at least 1. */
  public LoraSpec rank(int value) {
    return new LoraSpec(value, alpha, dropout, targets, rsLora, loraPlusRatio, init, rankPattern, alphaPattern, extras);
  }

  /** Sets alpha. Default: 32. Legal: finite, not 0. */
  public LoraSpec alpha(double value) {
    return new LoraSpec(rank, value, dropout, targets, rsLora, loraPlusRatio, init, rankPattern, alphaPattern, extras);
  }

  /** Sets the dropout on the adapter's input. Default: 0.05. Legal: 0 .. below 1. */
  public LoraSpec dropout(double value) {
    return new LoraSpec(rank, alpha, value, targets, rsLora, loraPlusRatio, init, rankPattern, alphaPattern, extras);
  }

  /** Sets the projections by name. Default: {@code all-linear}. */
  public LoraSpec targets(String... names) {
    return targets(LoraTargets.of(names));
  }

  /** Sets the projections. Default: {@link LoraTargets#ALL}. */
  public LoraSpec targets(LoraTargets value) {
    return new LoraSpec(rank, alpha, dropout, value, rsLora, loraPlusRatio, init, rankPattern, alphaPattern, extras);
  }

  /** Changes the projections. */
  public LoraSpec targets(UnaryOperator<LoraTargets> change) {
    return targets(change.apply(targets));
  }

  /** Scales by alpha/sqrt(rank). Default: false. */
  public LoraSpec rsLora(boolean on) {
    return new LoraSpec(rank, alpha, dropout, targets, on, loraPlusRatio, init, rankPattern, alphaPattern, extras);
  }

  /** Sets the ratio of B's learning rate to A's. Default: null (equal). Usual: 16. */
  public LoraSpec loraPlusRatio(@Nullable Double value) {
    return new LoraSpec(rank, alpha, dropout, targets, rsLora, value, init, rankPattern, alphaPattern, extras);
  }

  /** Sets how A starts. Default: {@link LoraInit#KAIMING_UNIFORM}. */
  public LoraSpec init(LoraInit value) {
    return new LoraSpec(rank, alpha, dropout, targets, rsLora, loraPlusRatio, value, rankPattern, alphaPattern, extras);
  }

  /** Sets ranks by module-name pattern. Default: none. */
  public LoraSpec rankPattern(Map<String, Integer> value) {
    return new LoraSpec(rank, alpha, dropout, targets, rsLora, loraPlusRatio, init, value, alphaPattern, extras);
  }

  /** Sets alphas by module-name pattern. Default: none. */
  public LoraSpec alphaPattern(Map<String, Double> value) {
    return new LoraSpec(rank, alpha, dropout, targets, rsLora, loraPlusRatio, init, rankPattern, value, extras);
  }

  private LoraSpec extras(LoraExtras value) {
    return new LoraSpec(rank, alpha, dropout, targets, rsLora, loraPlusRatio, init, rankPattern, alphaPattern, value);
  }

  /** True if only B is trained. */
  public boolean freezeA() {
    return extras.freezeA();
  }

  /** Trains only B. Default: false. Legal: with a start outside the weight. */
  public LoraSpec freezeA(boolean on) {
    return extras(extras.freezeA(on));
  }

  /** Modules that are trained whole. */
  public List<String> modulesToSave() {
    return extras.modulesToSave();
  }

  /** Trains these modules whole, by path or end of path. Default: none. */
  public LoraSpec modulesToSave(List<String> value) {
    return extras(extras.modulesToSave(value));
  }

  /** The biases of the model that are trained. */
  public LoraBias bias() {
    return extras.bias();
  }

  /** Trains biases of the model. Default: {@link LoraBias#NONE}. */
  public LoraSpec bias(LoraBias value) {
    return extras(extras.bias(value));
  }

  /** Settings of the start {@link LoraInit#LORA_GA}. */
  public GradientStart gradient() {
    return extras.gradient();
  }

  /** Changes the start {@link LoraInit#LORA_GA}. */
  public LoraSpec gradient(UnaryOperator<GradientStart> change) {
    return extras(extras.gradient(change.apply(gradient())));
  }

  /** Settings of the start {@link LoraInit#LOFTQ}. */
  public LoftqStart loftq() {
    return extras.loftq();
  }

  /** Changes the start {@link LoraInit#LOFTQ}. */
  public LoraSpec loftq(UnaryOperator<LoftqStart> change) {
    return extras(extras.loftq(change.apply(loftq())));
  }

  /** What tokens see in training. */
  public ShiftedAttention attention() {
    return extras.attention();
  }

  /** Sets what tokens see in training. Default: {@link ShiftedAttention#NONE}. */
  public LoraSpec attention(ShiftedAttention value) {
    return extras(extras.attention(value));
  }

  /** The plain LoRA that an adapter is saved as whose start is a part of the file: of twice the rank, scaled the same. */
  LoraSpec doubled() {
    double factor = rsLora ? Math.sqrt(2) : 2;
    Map<String, Integer> ranks = new LinkedHashMap<>();
    rankPattern.forEach((name, value) -> ranks.put(name, 2 * value));
    Map<String, Double> alphas = new LinkedHashMap<>();
    alphaPattern.forEach((name, value) -> alphas.put(name, factor * value));
    return rank(2 * rank).alpha(factor * alpha).rankPattern(ranks).alphaPattern(alphas).init(LoraInit.KAIMING_UNIFORM);
  }

  /** The rank at one module. */
  public int rankOf(String path) {
    return lookup(rankPattern, path, rank);
  }

  /** The factor on {@code B A x} at one module. */
  public float scaleOf(String path) {
    double a = lookup(alphaPattern, path, alpha);
    int r = rankOf(path);
    return (float) (rsLora ? a / Math.sqrt(r) : a / r);
  }

  private static <T> T lookup(Map<String, T> patterns, String path, T fallback) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      if (LoraTargets.compile("(.*\\.)?(" + entry.getKey() + ")").matcher(path).matches()) {
        return entry.getValue();
      }
    }
    return fallback;
  }

  /** The projections of {@code paths} that this adapter goes on; see {@link LoraTargets#select}. */
  public List<String> select(List<String> paths) {
    return targets.select(paths);
  }

  private static <T> Map<String, T> numbers(Map<String, Object> values, Function<Number, T> convert) {
    Map<String, T> out = new LinkedHashMap<>();
    values.forEach((name, item) -> {
      if (!(item instanceof Number number)) {
        throw new InvalidPlanException("the pattern '" + name + "' has '" + item + "'; it must be a number.");
      }
      out.put(name, convert.apply(number));
    });
    return out;
  }

  @Override
  public @Nullable String problem() {
    String missing = attention().problem();
    return missing != null ? missing : freezeA() && init.insideWeight() ? "lora_fa is true with init_weights " + init.plain()
        + ", whose A is a part of the weight. Use true or gaussian." : null;
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    attention().check(shapes.config());
    Map<String, long[]> all = new LinkedHashMap<>();
    List<String> chosen = select(List.copyOf(shapes.projections().keySet()));
    checkRanks(chosen, path -> require(shapes, path));
    for (String path : chosen) {
      long[] size = require(shapes, path);
      if (init == LoraInit.LOFTQ) {
        LoftqStart.check(path, size[0], size[1]);
      }
      if (!freezeA()) {
        all.put(path + ".lora_A.weight", new long[] {rankOf(path), size[1]});
      }
      all.put(path + ".lora_B.weight", new long[] {size[0], rankOf(path)});
    }
    for (String name : BaseChanges.chosen(this, shapes.parameters().keySet(), shapes.projections().keySet())) {
      all.put(name, shapes.parameters().getOrDefault(name, new long[1]));
    }
    return all;
  }

  // What A gives, and the input again where it has dropout; answers of halves of the heads.
  @Override
  public Map<String, long[]> widths(ModelShapes shapes) {
    Map<String, long[]> widths = new LinkedHashMap<>();
    for (String path : select(List.copyOf(shapes.projections().keySet()))) {
      widths.put(path, dropout > 0 ? new long[] {rankOf(path), require(shapes, path)[1]} : new long[] {rankOf(path)});
    }
    if (attention().on()) {
      for (int i = 0; i < shapes.config().layerCount(); i++) {
        MixerConfig mixer = shapes.config().layers().get(i).mixer();
        widths.put("model.layers." + i + ".halves", new long[] {mixer.queryWidth()});
      }
    }
    return widths;
  }

  private static long[] require(ModelShapes shapes, String path) {
    return shapes.projections().getOrDefault(path, new long[2]);
  }

  /** Refuses a rank that is above the smaller side of every projection: none could use it. */
  void checkRanks(List<String> paths, Function<String, long[]> sizes) {
    long most = paths.stream().map(sizes).mapToLong(size -> Math.min(size[0], size[1])).max().orElse(MAX_RANK);
    for (String path : paths) {
      if (rankOf(path) > most) {
        throw new InvalidPlanException("lora_rank is " + rankOf(path) + " at " + path + "; no projection that the adapter "
            + "goes on can use more than " + most + ", its smaller side. Use at most that.");
      }
    }
  }

  private static void checkRank(String field, int rank) {
    if (rank < 1 || rank > MAX_RANK) {
      throw new InvalidPlanException("lora." + field + " is " + rank + "; it must be 1 to " + MAX_RANK + ".");
    }
  }

  private static void checkAlpha(String field, double alpha) {
    if (!Double.isFinite(alpha) || alpha == 0) {
      throw new InvalidPlanException("lora." + field + " is " + alpha + "; it must be finite and not 0.");
    }
  }
}
