package io.swiftjvm.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.ConfigLimits;
import io.swiftjvm.hub.ModelConfig;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A score head in the place of the output projection: a language model becomes a classifier, as
 * {@code AutoModelForSequenceClassification} of transformers makes it. Where the files have no head, it is zero until it
 * is filled.
 *
 * {@snippet :
 * CausalLm model = CausalLm.load(folder, backend, LoadOptions.AS_STORED.head(new ClassifierHead(3, null, null)));
 * }
 *
 * @param outputs classes, or values of a regression: 1 and more
 * @param problemType regression, single_label_classification or multi_label_classification; null = not said
 * @param pad the padding token, which transformers needs for several texts at once; null = as the config says
 */
public record ClassifierHead(int outputs, @Nullable String problemType, @Nullable Integer pad) {
  private static final String CLASS = "ForSequenceClassification";

  public ClassifierHead {
    if (outputs < 1 || outputs > ConfigLimits.VOCABULARY) {
      throw new InvalidPlanException("num_labels is " + outputs + "; it must be 1 or more.");
    }
  }

  /**
   * The settings of the classifier that the model of {@code source} becomes.
   *
   * @throws InvalidPlanException if it is a classifier with other outputs, or its class is not known
   */
  public ModelConfig apply(ModelConfig source) {
    String architecture = source.architecture().orElse("");
    ObjectNode json = source.root().json();
    if (architecture.endsWith(CLASS)) {
      int own = classes(source);
      if (own != outputs) {
        throw new InvalidPlanException("num_labels is " + outputs + ", and the model in " + source.file().getParent()
            + " is a classifier with " + own + " outputs. Leave num_labels out, or use a language model.");
      }
    } else {
      String stem = architecture.replaceFirst("(ForCausalLM|LMHeadModel|ForConditionalGeneration)$", "");
      if (stem.equals(architecture)) {
        throw new InvalidPlanException("A classifier was asked for, and the class of the model in " + source.file()
            + " is '" + architecture + "'. It must end in ForCausalLM or " + CLASS + ".");
      }
      json.putArray("architectures").add(stem + CLASS);
      json.put("tie_word_embeddings", false);
      ObjectNode names = json.putObject("id2label");
      ObjectNode numbers = json.putObject("label2id");
      for (int i = 0; i < outputs; i++) {
        names.put(String.valueOf(i), "LABEL_" + i);
        numbers.put("LABEL_" + i, i);
      }
      json.remove("num_labels");
    }
    if (problemType != null) {
      json.put("problem_type", problemType);
    }
    if (pad != null && source.padId().isEmpty()) {
      json.put("pad_token_id", pad);
    }
    return source.with(json);
  }

  /** Outputs of a classifier by its config. */
  public static int classes(ModelConfig source) {
    int named = source.root().section("id2label").map(labels -> labels.json().size()).orElse(2);
    OptionalInt said = source.root().optionalInt("num_labels", 1, ConfigLimits.VOCABULARY);
    return said.orElse(named);
  }
}
