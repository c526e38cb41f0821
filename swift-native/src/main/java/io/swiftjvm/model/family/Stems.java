package io.swiftjvm.model.family;

import io.swiftjvm.model.WeightNames;
import java.util.Collection;
import java.util.List;

/** Where the stem of a model lies in a checkpoint: saved alone, or as the language part of a larger model. */
final class Stems {
  private static final List<String> USUAL = List.of("model.", "transformer.");
  private static final List<String> OTHERS = List.of("", "model.language_model.", "language_model.model.");

  private Stems() {}

  /** {@code names} with the beginning under which the token table is among {@code tensors}; unchanged if it is not. */
  static WeightNames find(WeightNames names, Collection<String> tensors) {
    if (tensors.contains(names.embedding() + ".weight")) {
      return names;
    }
    for (String usual : USUAL) {
      for (String other : OTHERS) {
        WeightNames candidate = names.prefix(usual, other);
        if (names.embedding().startsWith(usual) && tensors.contains(candidate.embedding() + ".weight")) {
          return candidate;
        }
      }
    }
    return names;
  }
}
