package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.BlockExpansion;
import io.swiftjvm.model.ModelShapes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * LLaMA-Pro (arXiv 2401.02415): new blocks, one behind each group of layers, that are the only ones to learn. They start
 * as copies whose output projections are zero, so the model answers as before. What is saved is the larger model.
 *
 * {@snippet :
 * Recipe recipe = Swift.model("swift-tiny").tuner(LlamaProSpec.DEFAULT.newBlocks(5));
 * }
 *
 * @param newBlocks number of new blocks, a divisor of the number of layers; 4 as in ms-swift
 * @param groups number of groups of layers, each of which gets one block, a divisor too; null = newBlocks. Where both are
 *     given ms-swift goes by the groups, and so does this
 */
public record LlamaProSpec(int newBlocks, @Nullable Integer groups) implements Tuning {
  /** Four new blocks. */
  public static final LlamaProSpec DEFAULT = new LlamaProSpec(4, null);

  /** The flags of {@code --tuner_type llamapro}. */
  public static final TunerMethod<LlamaProSpec> METHOD = TunerMethod.of("llamapro", DEFAULT)
      .integer("llamapro_num_new_blocks", "New blocks, a divisor of the number of layers.",
          LlamaProSpec::newBlocks, LlamaProSpec::newBlocks)
      .integer("llamapro_num_groups", "Groups of layers that get a block each; unset = llamapro_num_new_blocks.",
          LlamaProSpec::groups, LlamaProSpec::groups);

  private static final Pattern LAYER = Pattern.compile("\\.(\\d+)\\.");

  public LlamaProSpec {
    if (newBlocks < 1 || groups != null && groups < 1) {
      throw new InvalidPlanException("llamapro_num_new_blocks is " + newBlocks + " and llamapro_num_groups " + groups
          + "; they must be 1 or more.");
    }
  }

  /** Sets the number of new blocks. Default: 4. Legal: a divisor of the number of layers. */
  public LlamaProSpec newBlocks(int value) {
    return new LlamaProSpec(value, groups);
  }

  /** Sets the number of groups. Default: null, as many as new blocks. Legal: a divisor of the number of layers. */
  public LlamaProSpec groups(@Nullable Integer value) {
    return new LlamaProSpec(newBlocks, value);
  }

  @Override
  public boolean full() {
    return true;
  }

  @Override
  public BlockExpansion expansion() {
    return new BlockExpansion(groups == null ? newBlocks : groups);
  }

  @Override
  public Map<String, long[]> trained(ModelShapes shapes) {
    List<Integer> sources = expansion().sources(shapes.config());
    Map<String, long[]> all = new LinkedHashMap<>();
    for (int block : expansion().added(shapes.config())) {
      shapes.parameters().forEach((name, shape) -> {
        if (layer(name) == sources.get(block)) {
          all.put(name.replaceFirst("\\.\\d+\\.", "." + block + "."), shape);
        }
      });
    }
    return all;
  }

  /** The number of the block that a parameter is in, -1 for none. */
  public static int layer(String name) {
    Matcher number = LAYER.matcher(name);
    return number.find() ? Integer.parseInt(number.group(1)) : -1;
  }
}
