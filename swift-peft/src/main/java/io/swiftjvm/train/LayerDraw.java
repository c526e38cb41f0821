package io.swiftjvm.train;

import io.swiftjvm.nn.Parameter;
import io.swiftjvm.tuner.FullSpec;
import io.swiftjvm.tuner.LlamaProSpec;
import io.swiftjvm.tuner.Seeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * LISA (arXiv 2403.17919): a few layers at a time learn, drawn anew every so many steps, beside everything that is in no
 * layer. Which ones is a function of seed and step alone, so a training that goes on draws the same.
 */
final class LayerDraw {
  private final List<Parameter> all;
  private final FullSpec spec;
  private final long seed;
  private final List<Integer> layers;
  private int drawn = -1;

  LayerDraw(List<Parameter> all, FullSpec spec, long seed) {
    this.all = all;
    this.spec = spec;
    this.seed = seed;
    layers = all.stream().map(LayerDraw::layer).filter(layer -> layer >= 0).distinct().sorted().toList();
  }

  private static int layer(Parameter parameter) {
    return LlamaProSpec.layer(parameter.name());
  }

  /** Chooses the layers of a step; true if they are others than before. */
  boolean begin(int step) {
    int interval = step / spec.lisaInterval();
    if (spec.lisaLayers() == 0 || interval == drawn) {
      return false;
    }
    drawn = interval;
    Seeds random = Seeds.of(Seeds.mix(seed, interval, 0), "lisa");
    List<Integer> left = new ArrayList<>(layers);
    Set<Integer> chosen = new HashSet<>();
    while (chosen.size() < spec.lisaLayers() && !left.isEmpty()) {
      chosen.add(left.remove((int) (random.uniform() * left.size())));
    }
    for (Parameter parameter : all) {
      int layer = layer(parameter);
      parameter.trainable(layer < 0 || chosen.contains(layer));
    }
    return true;
  }
}
