package io.swiftjvm.run;

import io.swiftjvm.autograd.FusedLoss;
import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsWriter;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.plan.Settings;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.tensor.Tensor;
import io.swiftjvm.tuner.method.TunerAdapter;
import java.nio.file.Path;

/** Computes logits, loss and gradients of one file of token ids. */
public final class LogitsJob {
  private LogitsJob() {}

  /** Reads {@code input}, writes {@code output}; see {@link RectangularBatch} for the tensors. */
  public static void run(Settings settings, Path input, Path output, boolean gradients) {
    try (LoadedModel loaded = LoadedModel.open(settings)) {
      CausalLm model = loaded.model();
      if (model.config().classifies()) {
        ClassifierJob.run(loaded, input, output, gradients);
        return;
      }
      long vocabulary = model.config().vocabSize();
      RectangularBatch batch = RectangularBatch.read(input, vocabulary);
      if (gradients && batch.labelled() == 0) {
        throw new InvalidPlanException("--gradients needs labels, " + input + " has none that is not -100. Add a tensor "
            + "'labels' (B,T) int64 beside input_ids.");
      }
      SafetensorsWriter out = new SafetensorsWriter();
      float[] logits = logits(loaded, batch, Math.toIntExact(vocabulary));
      out.add("logits", new long[] {batch.batch(), batch.length(), vocabulary}, logits);
      if (batch.labelled() > 0) {
        if (gradients) {
          model.trainFull();
        }
        loss(loaded, batch, gradients, out);
      }
      out.write(output);
    }
  }

  private static float[] logits(LoadedModel loaded, RectangularBatch batch, int vocabulary) {
    long size = Math.multiplyExact((long) batch.batch() * batch.length(), vocabulary);
    if (size > Integer.MAX_VALUE - 8) {
      throw new InvalidPlanException("logits of " + batch.batch() + " x " + batch.length() + " x " + vocabulary
          + " are more than 2^31 values; ask for fewer or shorter rows.");
    }
    float[] all = new float[(int) size];
    try (Scope scope = new Scope(loaded.backend())) {
      Pass pass = pass(loaded, new Ops(loaded.backend(), null, scope), batch);
      Tensor hidden = loaded.model().hidden(pass, scope.ints(batch.ids()), batch.positions());
      int chunk = Math.max(1, (8 << 20) / vocabulary);
      for (int from = 0; from < batch.ids().length; from += chunk) {
        int rows = Math.min(chunk, batch.ids().length - from);
        try (Scope part = scope.child()) {
          Pass head = pass.with(new Ops(loaded.backend(), null, part));
          float[] values = loaded.model().logits(head, hidden.slice(from, rows)).toFloats();
          for (int i = 0; i < rows; i++) {
            System.arraycopy(values, i * vocabulary, all, batch.places()[from + i] * vocabulary, vocabulary);
          }
        }
      }
    }
    return all;
  }

  private static void loss(LoadedModel loaded, RectangularBatch batch, boolean gradients, SafetensorsWriter out) {
    Backend backend = loaded.backend();
    int[] labels = batch.labels();
    if (labels == null) {
      return;
    }
    try (Scope scope = new Scope(backend);
        Gradients grads = new Gradients(backend);
        Tape tape = new Tape(backend)) {
      Pass pass = pass(loaded, new Ops(backend, gradients ? tape : null, scope), batch);
      Tensor hidden = loaded.model().hidden(pass, scope.ints(batch.ids()), batch.positions());
      FusedLoss.Loss loss = loaded.model().loss(pass, hidden, labels, null, batch.labelled());
      out.add("loss", new long[] {}, new float[] {(float) loss.value()});
      if (gradients) {
        tape.backward(loss.loss(), scope.floats(new float[] {1}, 1), grads);
        GradientFile.add(loaded.model(), grads, out);
      }
    }
  }

  static Pass pass(LoadedModel loaded, Ops ops, RectangularBatch batch) {
    for (String name : loaded.adapters()) {
      if (loaded.model().attachments().get(name) instanceof TunerAdapter adapter && adapter.changesPasses()) {
        throw new InvalidPlanException("The adapter '" + name + "' (" + adapter.spec().type() + ") puts something before a "
            + "text or looks at it first, which logits do without. Use an adapter of another method.");
      }
    }
    return Pass.of(ops, AttentionContext.packed(batch.cuSeqlens())).adapters(loaded.adapters());
  }
}
