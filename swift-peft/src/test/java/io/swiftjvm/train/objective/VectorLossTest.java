package io.swiftjvm.train.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Gradients;
import io.swiftjvm.autograd.Ops;
import io.swiftjvm.autograd.Tape;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.hub.SafetensorsFile;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.model.Pooling;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.testing.OracleFiles;
import io.swiftjvm.train.BatchSource;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.TrainSpec;
import io.swiftjvm.train.TrainedWeights;
import io.swiftjvm.tuner.LoraSpec;
import io.swiftjvm.tuner.LoraTransform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses over vectors against ms-swift's on the same numbers. */
class VectorLossTest {
  private static final float[] PAIRS = {1, 0, 1, 1, 0, 0};
  /** A question, its answer and wrong ones: 4, 4, 4 and 5, 3, 4 texts. */
  private static final float[] EQUAL = {-1, 1, 0, 0, -1, 1, 0, 0, -1, 1, 0, 0};
  private static final float[] UNEQUAL = {-1, 1, 0, 0, 0, -1, 1, 0, -1, 1, 0, 0};
  private static final float[] RANKED_EQUAL = {1, 0, 0, 1, 0, 0, 1, 0, 0};
  private static final float[] RANKED_UNEQUAL = {1, 0, 0, 0, 1, 0, 1, 0, 0};

  static Stream<Arguments> losses() {
    InfoNce nce = InfoNce.DEFAULT;
    InfoNce all = nce.questions(true).answers(true).maskFakeNegatives(true);
    return Stream.of(
        Arguments.of("CosineSimilarityLoss", PairLoss.of(PairLoss.Kind.COSINE_SIMILARITY), null, 0.6402595639228821),
        Arguments.of("ContrastiveLoss", PairLoss.of(PairLoss.Kind.CONTRASTIVE), twice(PAIRS), 0.5202985405921936),
        Arguments.of("OnlineContrastiveLoss", PairLoss.of(PairLoss.Kind.ONLINE_CONTRASTIVE), twice(PAIRS),
            6.243582725524902),
        Arguments.of("infonce.equal.default", nce, EQUAL, 10.466109275817871),
        Arguments.of("infonce.equal.no_batch", nce.wholeBatch(false), EQUAL, 7.530494689941406),
        Arguments.of("infonce.equal.temp0.05", nce.temperature(0.05), EQUAL, 20.27864646911621),
        Arguments.of("infonce.equal.qq", nce.questions(true), EQUAL, 10.47404956817627),
        Arguments.of("infonce.equal.qq_dd", nce.questions(true).answers(true), EQUAL, 13.278472900390625),
        Arguments.of("infonce.equal.mask_fake", nce.maskFakeNegatives(true), EQUAL, 0.5073291659355164),
        Arguments.of("infonce.equal.all", all, EQUAL, 10.462517738342285),
        Arguments.of("infonce.unequal.default", nce, UNEQUAL, 8.924153327941895),
        Arguments.of("infonce.unequal.no_batch", nce.wholeBatch(false), UNEQUAL, 6.60768461227417),
        Arguments.of("infonce.unequal.temp0.05", nce.temperature(0.05), UNEQUAL, 17.521522521972656),
        Arguments.of("infonce.unequal.qq", nce.questions(true), UNEQUAL, 8.963521003723145),
        Arguments.of("infonce.unequal.qq_dd", nce.questions(true).answers(true), UNEQUAL, 10.29321002960205),
        Arguments.of("infonce.unequal.mask_fake", nce.maskFakeNegatives(true), UNEQUAL, 0.04062933847308159),
        Arguments.of("infonce.unequal.all", all, UNEQUAL, 7.834461688995361),
        Arguments.of("PointwiseRerankerLoss.equal", RankLoss.POINTWISE, RANKED_EQUAL, 0.5945181250572205),
        Arguments.of("PointwiseRerankerLoss.unequal", RankLoss.POINTWISE, RANKED_UNEQUAL, 0.7884699702262878),
        Arguments.of("ListwiseRerankerLoss.equal", RankLoss.LISTWISE, RANKED_EQUAL, 0.9955838322639465),
        Arguments.of("ListwiseRerankerLoss.unequal", RankLoss.LISTWISE, RANKED_UNEQUAL, 1.4613051414489746));
  }

  private static float[] twice(float[] labels) {
    float[] out = new float[2 * labels.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = labels[i / 2];
    }
    return out;
  }

  private static double[][] rows(float[] flat, int count) {
    int columns = flat.length / count;
    double[][] rows = new double[count][columns];
    for (int i = 0; i < flat.length; i++) {
      rows[i / columns][i % columns] = flat[i];
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("losses")
  void values_and_gradients_are_those_of_ms_swift(String name, VectorLoss loss, float[] labels, double expected) {
    try (SafetensorsFile file = SafetensorsFile.open(OracleFiles.path("preference/embedding.safetensors"))) {
      boolean scores = name.contains("Reranker");
      double[][] rows = rows(file.entry(scores ? "reranker_logits" : "sentences").floats(), scores ? 9 : 12);
      VectorLoss.Value found =
          loss.of(rows, labels == null ? twice(file.entry("score_labels").floats()) : labels);
      assertThat(found.loss()).isCloseTo(expected, within(2e-6 * Math.max(1, expected)));
      double[][] gradient = rows(file.entry(name + ".grad").floats(), rows.length);
      for (int i = 0; i < rows.length; i++) {
        assertThat(found.gradient()[i]).as("row " + i).containsExactly(gradient[i], within(3e-6));
      }
    }
  }

  @Test
  void labels_in_another_order_are_refused() {
    double[][] rows = new double[3][2];
    assertThatThrownBy(() -> InfoNce.DEFAULT.of(rows, new float[] {-1, 0, 1})).isInstanceOf(InvalidPlanException.class)
        .hasMessageContaining("text 1 has label 0");
    assertThatThrownBy(() -> PairLoss.of(PairLoss.Kind.CONTRASTIVE).of(rows, new float[3]))
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("3 texts");
  }

  /** Texts of three tokens. */
  private static Batch texts(float[] labels) {
    int n = 3 * labels.length;
    int[] ids = new int[n];
    int[] positions = new int[n];
    int[] starts = new int[labels.length + 1];
    int[] at = new int[n];
    Arrays.fill(at, -100);
    for (int i = 0; i < n; i++) {
      ids[i] = (7 * i + i / 5) % 50;
      positions[i] = i % 3;
      starts[i / 3 + 1] = (i / 3 + 1) * 3;
    }
    List<RowFacts> facts = new ArrayList<>();
    for (float label : labels) {
      facts.add(RowFacts.of(label));
    }
    return new Batch(ids, positions, starts, at, null, facts);
  }

  @Test
  void a_model_learns_to_tell_answers_from_wrong_ones_and_two_micro_batches_are_their_mean() {
    VectorObjective objective = new VectorObjective("infonce", InfoNce.DEFAULT, Pooling.LAST, true);
    List<Double> losses = new ArrayList<>();
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend)) {
      TrainedWeights weights =
          TrainedWeights.of(new LoraTransform(LoraSpec.DEFAULT.rank(4).dropout(0), 3).attach(model), "base");
      TrainSpec spec = TrainSpec.DEFAULT.optim(o -> o.learningRate(5e-3)).schedule(s -> s.type("constant").warmupSteps(0));
      Batch batch = texts(EQUAL);
      TrainJob.of(weights, spec, BatchSource.cycle(List.of(List.of(batch, batch)), 25, "")).objective(objective)
          .listener(event -> {
            if (event instanceof TrainEvent.StepEnd end) {
              losses.add(end.loss());
              assertThat(end.labelled()).isEqualTo(6);
            }
          }).run();
    }
    assertThat(losses.getFirst()).isCloseTo(5.992371082305908, within(1e-4)); // of one of them, below
    assertThat(losses.getLast()).isLessThan(0.5 * losses.getFirst());
  }

  /** Losses and norms of all gradients from torch, over the vectors and logits of transformers. */
  static Stream<Arguments> objectives() {
    Pooling last = Pooling.LAST;
    return Stream.of(
        Arguments.of(new VectorObjective("", InfoNce.DEFAULT, last, true), EQUAL, 5.992371082305908, 45.40852480451647),
        Arguments.of(new VectorObjective("", new Matryoshka(InfoNce.DEFAULT, Map.of(8, 0.5, 16, 1.0)), last, true), EQUAL,
            12.06928825378418, 103.99520451786073),
        Arguments.of(new VectorObjective("", RankLoss.POINTWISE, last, false, new YesNo(7, 11)),
            new float[] {1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0}, 1.1494697332382202, 11.36977068813145));
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void losses_of_a_whole_model_and_the_norm_of_its_gradients(
      VectorObjective objective, float[] labels, double expected, double norm) {
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(OracleFiles.path("models/qwen3"), backend);
        Scope scope = new Scope(backend);
        Tape tape = new Tape(backend);
        Gradients gradients = new Gradients(backend)) {
      model.trainFull();
      Batch batch = texts(labels);
      Pass pass = new Pass(
          new Ops(backend, tape, scope), AttentionContext.packed(batch.cuSeqlens()), List.of(), 0);
      Objective.Outcome found = objective.loss(model, pass, batch, objective.units(batch));
      assertThat(found.value()).isCloseTo(expected, within(1e-5 * expected));
      tape.backward(found.loss(), scope.floats(new float[] {1}, 1), gradients);
      double squares = model.parameters().stream().map(p -> gradients.get(p.value())).filter(g -> g != null)
          .mapToDouble(backend::sumSquares).sum();
      assertThat(Math.sqrt(squares)).isCloseTo(norm, within(1e-5 * norm));
    }
  }
}
