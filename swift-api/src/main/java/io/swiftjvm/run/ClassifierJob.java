package io.swiftjvm.run;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.autograd.TargetLoss;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.hub.TensorEntry;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The {@link LogitsJob} of a classifier: logits (B,classes) of the last token of each row. {@code labels} are int64
 * (B),
 * one class each, or floats (B,classes): values for a regression, else several labels at once.
 */
final class ClassifierJob {
  private ClassifierJob() {}

  static void run(LoadedModel loaded, Path input, Path output, boolean gradients) {
    CausalLm model = loaded.model();
    Backend backend = loaded.backend();
    RectangularBatch batch = RectangularBatch.read(input, model.config().vocabSize(), false);
    if (batch.cuSeqlens().length - 1 != batch.batch()) {
      throw new InvalidPlanException(input + " has packed or empty rows; a classifier needs one text in each row.");
    }
    if (gradients) {
      model.trainFull();
    }
    SafetensorsWriter out = new SafetensorsWriter();
    try (Scope scope = new Scope(backend);
        Tape tape = new Tape(backend);
        Gradients grads = new Gradients(backend);
        SafetensorsFile file = SafetensorsFile.open(input)) {
      Ops ops = new Ops(backend, gradients ? tape : null, scope);
      Pass pass = LogitsJob.pass(loaded, ops, batch);
      Tensor hidden = model.hidden(pass, scope.ints(batch.ids()), batch.positions());
      Tensor pooled = Pooling.LAST.of(ops, hidden, batch.cuSeqlens());
      out.add("logits", new long[] {batch.batch(), model.config().head().outputs()},
          model.logits(pass, pooled).toFloats());
      if (file.contains("labels")) {
        Tensor loss = loss(model, pass, pooled, file.entry("labels"), batch.batch());
        out.add("loss", new long[] {}, loss.toFloats());
        if (gradients) {
          tape.backward(loss, scope.floats(new float[] {1}, 1), grads);
          GradientFile.add(model, grads, out);
        }
      } else if (gradients) {
        throw new InvalidPlanException("--gradients needs labels, " + input + " has none. Add a tensor 'labels', (B) "
            + "int64 or (B,classes) float32.");
      }
    }
    out.write(output);
  }

  private static Tensor loss(CausalLm model, Pass pass, Tensor pooled, TensorEntry labels, int rows) {
    int classes = model.config().head().outputs();
    if (!labels.dtype().isFloat()) {
      long[] wanted = labels.longs();
      if (wanted.length != rows || Arrays.stream(wanted).anyMatch(label -> label < 0 || label >= classes)) {
        throw new InvalidPlanException("labels must be one class of 0.." + (classes - 1) + " for each of the " + rows
            + " rows, got " + labels);
      }
      int[] targets = Arrays.stream(wanted).mapToInt(Math::toIntExact).toArray();
      return model.loss(pass, pooled, targets, null, rows).loss();
    }
    float[] targets = labels.floats();
    if (targets.length != rows * classes) {
      throw new InvalidPlanException(
          "labels must be (" + rows + "," + classes + ") values, got " + labels);
    }
    boolean regression = model.source().root().optionalString("problem_type")
        .map(type -> type.equals("regression")).orElse(classes == 1);
    TargetLoss kind = regression ? TargetLoss.SQUARED_ERROR : TargetLoss.BINARY_CROSS_ENTROPY;
    return kind.of(pass.ops(), model.logits(pass, pooled), targets);
  }
}
