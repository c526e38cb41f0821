package io.swiftjvm.model.family;

import io.swiftjvm.autograd.RouterSpec;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.FeedForwardConfig;
import io.swiftjvm.model.MlpConfig;
import io.swiftjvm.model.MoeConfig;
import io.swiftjvm.model.MoeConfig.Storage;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Reads mixtures of experts of the kinds that several families have. */
final class Experts {
  private Experts() {}

  /** Softmax over all experts, Qwen's and Mixtral's kind. */
  static MoeConfig softmax(
      ModelConfig source, int experts, int defaultTopK, boolean normalise, MlpConfig expert, @Nullable MlpConfig shared) {
    RouterSpec router =
        RouterSpec.of(RouterSpec.Score.SOFTMAX, experts, topK(source, experts, defaultTopK), normalise);
    return new MoeConfig(router, false, expert, Storage.SEPARATE, shared, shared != null);
  }

  /** Number of experts under the first of {@code keys} that is there. */
  static int count(ModelConfig source, String... keys) {
    for (String key : keys) {
      if (source.has(key)) {
        return source.positiveInt(key, ConfigLimits.EXPERTS);
      }
    }
    throw source.refusal(keys[0], "the number of experts");
  }

  /** {@code num_experts_per_tok}, at most {@code experts}. */
  static int topK(ModelConfig source, int experts, int fallback) {
    int topK = source.positiveInt("num_experts_per_tok", ConfigLimits.EXPERTS, fallback);
    if (topK > experts) {
      throw source.refusal("num_experts_per_tok", "at most the number of experts, " + experts);
    }
    return topK;
  }

  /** Qwen's layers: experts in every {@code decoder_sparse_step}-th that {@code mlp_only_layers} does not name. */
  static IntFunction<FeedForwardConfig> sparse(ModelConfig source, MlpConfig dense, MoeConfig experts) {
    int step = source.positiveInt("decoder_sparse_step", ConfigLimits.LAYERS, 1);
    List<Integer> without = source.ints("mlp_only_layers", 0, ConfigLimits.LAYERS);
    return i -> (i + 1) % step == 0 && !without.contains(i) ? experts : dense;
  }

  /** DeepSeek's layers: dense first, then experts in groups, with shared ones. */
  static IntFunction<FeedForwardConfig> grouped(
      ModelConfig source, MlpConfig dense, MlpConfig expert, RouterSpec.Score score, int denseLayers) {
    int first = source.optionalInt("first_k_dense_replace", 0, ConfigLimits.LAYERS).orElse(denseLayers);
    int experts = count(source, "n_routed_experts", "num_local_experts", "num_experts");
    int topK = topK(source, experts, Math.min(8, experts));
    boolean sigmoid = score == RouterSpec.Score.SIGMOID;
    boolean inGroups = sigmoid || source.optionalString("topk_method").orElse("greedy").equals("group_limited_greedy");
    int groups = inGroups ? source.positiveInt("n_group", experts, 1) : 1;
    int topGroups = inGroups ? source.positiveInt("topk_group", groups, groups) : 1;
    if (experts % groups != 0 || topK > experts / groups * topGroups) {
      throw source.refusal("n_group", "a divisor of the " + experts + " experts that leaves " + topK + " to choose");
    }
    // DeepSeek-V2 has norm_topk_prob in its files, but the model in transformers does not use it.
    RouterSpec router = new RouterSpec(score, experts, topK, sigmoid && source.bool("norm_topk_prob", true),
        (float) source.number("routed_scaling_factor", Double.MIN_NORMAL, 1e6, 1), groups, topGroups,
        sigmoid ? RouterSpec.GroupScore.TWO_BEST : RouterSpec.GroupScore.BEST);
    int shared = source.optionalInt("n_shared_experts", 0, ConfigLimits.EXPERTS).orElse(sigmoid ? 1 : 2);
    MlpConfig common = shared == 0 ? null
        : new MlpConfig(Math.multiplyExact(expert.width(), shared), expert.activation(), expert.bias(), expert.form());
    MoeConfig moe = new MoeConfig(router, sigmoid, expert, Storage.SEPARATE, common, false);
    return i -> i < first ? dense : moe;
  }
}
