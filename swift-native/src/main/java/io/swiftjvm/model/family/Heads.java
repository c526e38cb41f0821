package io.swiftjvm.model.family;

import io.swiftjvm.hub.ModelConfig;
import io.swiftjvm.model.ClassifierHead;
import io.swiftjvm.model.DecoderConfig.HeadConfig;
import io.swiftjvm.model.WeightNames;

/** Tells models with a head for tokens from classifiers, by the class in {@code architectures}. */
final class Heads {
  private static final String CLASSIFIER = "ForSequenceClassification";

  private Heads() {}

  /** True for a model whose output is classes. */
  static boolean classifies(ModelConfig source) {
    return source.architecture().filter(name -> name.endsWith(CLASSIFIER)).isPresent();
  }

  /** {@code tokens}, or the classes of a classifier: {@code num_labels}, or as many as {@code id2label} names. */
  static HeadConfig of(ModelConfig source, HeadConfig tokens) {
    if (!classifies(source)) {
      return tokens;
    }
    return new HeadConfig(ClassifierHead.classes(source), 1, 0);
  }

  /** The names of a classifier's head are the same in all families. */
  static WeightNames names(ModelConfig source, WeightNames names) {
    return classifies(source) ? names.head("score") : names;
  }
}
