package io.swiftjvm.train.objective;

import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.DType;
import io.swiftjvm.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model to make vectors of texts, or scores if it is a classifier with one output: each sequence of a batch is a
 * text, in the order that the loss wants, with its label as {@link RowFacts#target}.
 *
 * {@snippet :
 * Objective embedding = new VectorObjective("infonce", InfoNce.DEFAULT, Pooling.LAST, true);
 * plan.train(job -> job.objective(embedding).data(texts));
 * }
 *
 * @param name for plans and checkpoints
 * @param vectorLoss the loss over vectors or scores
 * @param pooling how a text's tokens become one vector
 * @param normalise vectors get length one; not for scores
 * @param words the score is what the model would say next; null = a vector, or the output of a classifier
 */
public record VectorObjective(
    String name, VectorLoss vectorLoss, Pooling pooling, boolean normalise, @Nullable YesNo words) implements Objective {
  private static final double SMALLEST = 1e-12;

  /** Vectors, or the scores of a classifier. */
  public VectorObjective(String name, VectorLoss vectorLoss, Pooling pooling, boolean normalise) {
    this(name, vectorLoss, pooling, normalise, null);
  }

  @Override
  public double units(Batch batch) {
    return vectorLoss.parts(labels(batch));
  }

  private static float[] labels(Batch batch) {
    float[] labels = new float[batch.facts().size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = batch.facts().get(i).target()[0];
    }
    return labels;
  }

  @Override
  public Measure measure() {
    return vectorLoss.measure();
  }

  @Override
  public Outcome validate(CausalLm model, Pass pass, Batch batch, Measure measure) {
    return loss(model, pass, batch, 1, measure);
  }

  @Override
  public Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor) {
    return loss(model, pass, batch, divisor, Measure.NONE);
  }

  private Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor, Measure measure) {
    Tensor ids = pass.ops().scope().tensor(DType.I32, batch.ids().length);
    pass.ops().backend().upload(MemorySegment.ofArray(batch.ids()), ids);
    Tensor hidden = model.hidden(pass, ids, batch.positions());
    Tensor pooled = pooling.of(pass.ops(), hidden, batch.cuSeqlens());
    boolean scores = words != null || model.config().classifies();
    if (scores && words == null && model.config().head().outputs() != 1) {
      throw new InvalidPlanException("the objective '" + name + "' needs one score for each text; the classifier in "
          + model.directory() + " has " + model.config().head().outputs() + " outputs.");
    }
    Tensor outputs = scores ? model.logits(pass, pooled) : pooled;
    Tensor rows = words == null ? outputs : words.scores(pass.ops(), outputs);
    float[] labels = labels(batch);
    double share = vectorLoss.parts(labels) / divisor;
    double[][] values = rows(rows);
    double[] sizes = normalise && !scores ? normalise(values) : null;
    measure.see(values, labels);
    VectorLoss.Value found = vectorLoss.of(values, labels);
    float[] gradient = flat(found.gradient(), values, sizes, share);
    Tensor loss = pass.ops().floats(1);
    pass.ops().backend().fill(loss, (float) (found.loss() * share));
    Tensor tracked = pass.ops().track(rows.requiresGrad(), loss,
        (seed, into, scope) -> {
          Tensor scaled = scope.floats(gradient, rows.shape());
          pass.ops().backend().scale(scaled, seed.get(0), scaled);
          into.add(rows, scaled);
        });
    return new Outcome(tracked, found.loss() * share);
  }

  private static double[][] rows(Tensor tensor) {
    float[] flat = tensor.toFloats();
    int columns = Math.toIntExact(tensor.columns());
    double[][] rows = new double[flat.length / columns][columns];
    for (int i = 0; i < flat.length; i++) {
      rows[i / columns][i % columns] = flat[i];
    }
    return rows;
  }

  /** Divides each row by its length; returns the lengths. */
  static double[] normalise(double[][] rows) {
    double[] sizes = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      sizes[i] = Math.max(SMALLEST, Math.sqrt(PairLoss.dot(rows[i], rows[i])));
      for (int j = 0; j < rows[i].length; j++) {
        rows[i][j] /= sizes[i];
      }
    }
    return sizes;
  }

  /** The gradient of what the model gave; through the division by the length where there was one. */
  private static float[] flat(double[][] gradient, double[][] rows, double @Nullable [] sizes,
      double share) {
    int columns = rows[0].length;
    float[] out = new float[rows.length * columns];
    for (int i = 0; i < rows.length; i++) {
      double along = sizes == null ? 0 : PairLoss.dot(gradient[i], rows[i]);
      double size = sizes == null ? 1 : sizes[i];
      for (int j = 0; j < columns; j++) {
        out[i * columns + j] = (float) (share * (gradient[i][j] - along * rows[i][j]) / size);
      }
    }
    return out;
  }
}
