package io.swiftjvm.train.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.swiftjvm.autograd.Ops;
import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.Devices;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.RowFacts;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.AttentionContext;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.tensor.Scope;
import io.swiftjvm.train.Oracle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The values of ms-swift's own {@code swift/metrics} for the same texts. */
class MeasureTest {
  private static double[][] rows() {
    double[][] rows = new double[12][4];
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 4; j++) {
        rows[i][j] = Math.sin(1.3 * i + 2.1 * j + 0.2 * i * j);
      }
    }
    return rows;
  }

  private static float[] labels(double... values) {
    float[] labels = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      labels[i] = (float) values[i];
    }
    return labels;
  }

  private static void check(Map<String, Double> found, Map<String, Double> expected) {
    assertThat(found).containsOnlyKeys(expected.keySet());
    expected.forEach((name, value) -> assertThat(found.get(name)).as(name).isCloseTo(value, within(1e-7)));
  }

  @Test
  void pairs_are_correlated_with_their_labels() {
    Measure measure = PairLoss.of(PairLoss.Kind.COSINE_SIMILARITY).measure();
    double[][] rows = rows();
    float[] labels = labels(.1, .1, .9, .9, .4, .4, .4, .4, 1, 1, 0, 0);
    measure.see(Arrays.copyOf(rows, 4), Arrays.copyOf(labels, 4));
    measure.see(Arrays.copyOfRange(rows, 4, 12), Arrays.copyOfRange(labels, 4, 12));
    check(measure.values(), Map.of("pearson_cosine", -0.0899996461995362, "pearson_euclidean", -0.291202935575649,
        "pearson_manhattan", 0.061911643906902056, "pearson_dot_product", -0.32053830718765725,
        "spearman_cosine", -0.46381682852195877, "spearman_euclidean", -0.49280538030458115,
        "spearman_manhattan", -0.11595420713048969, "spearman_dot_product", -0.5217939320872036));
  }

  @Test
  void answers_are_compared_with_the_other_texts_of_a_validation() {
    double[][] rows = rows();
    VectorObjective.normalise(rows);
    float[] even = labels(-1, 1, 0, -1, 1, 0, -1, 1, 0, -1, 1, 0);
    Measure measure = new Matryoshka(InfoNce.DEFAULT, Map.of(2, 1.0)).measure();
    measure.see(rows, even);
    check(measure.values(),
        Map.of("margin", -0.711406416450518, "mean_neg", -0.21588318178243923, "mean_pos", -0.0988004463547883));
    Measure uneven = InfoNce.DEFAULT.measure();
    uneven.see(rows, labels(-1, 1, 0, 0, -1, 1, -1, 1, 0, -1, 1, 0));
    check(uneven.values(),
        Map.of("margin", -1.284222604017241, "mean_neg", -0.0427540131626959, "mean_pos", -0.37246423373792853));
    Measure own = InfoNce.DEFAULT.wholeBatch(false).measure();
    own.see(rows, even);
    check(own.values(),
        Map.of("margin", 0.7196409868707192, "mean_neg", -0.8184414332255076, "mean_pos", -0.0988004463547883));
  }

  @Test
  void a_ranking_is_measured_by_the_place_of_the_right_text() {
    Measure measure = RankLoss.LISTWISE.measure();
    double[] scores = {.2, .5, -1, 3, 2.5, .1, .7, .9, .8, -.3, 4};
    measure.see(Arrays.stream(scores).mapToObj(s -> new double[] {s}).toArray(double[][]::new),
        labels(1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1));
    check(measure.values(), Map.of("mrr", 0.5833333333333334, "ndcg", 0.6872021038816168));
    assertThat(RankLoss.POINTWISE.measure().values()).isEmpty();
  }

  @Test
  void labelled_tokens_that_the_model_would_say_are_counted() {
    Batch batch = Oracle.micro("qwen3").getFirst();
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3"), backend);
        Scope scope = new Scope(backend)) {
      Pass pass = new Pass(new Ops(backend, null, scope), AttentionContext.packed(batch.cuSeqlens()), List.of(), 0);
      float[] logits = model.logits(pass, model.hidden(pass, scope.ints(batch.ids()), batch.positions())).toFloats();
      double[][] best = HitMeasure.best(logits, logits.length / batch.ids().length);
      int[] labels = batch.labels().clone();
      int[] places = IntStream.range(0, labels.length).filter(i -> labels[i] >= 0).toArray();
      // Some labels become what the model says: else it would say none of them.
      for (int i = 0; i < places.length; i += 3) {
        labels[places[i]] = (int) best[places[i]][0];
      }
      double hits = Arrays.stream(places).filter(i -> best[i][0] == labels[i]).count();
      Batch changed = new Batch(batch.ids(), batch.positions(), batch.cuSeqlens(), labels, null);
      Measure measure = CausalLmObjective.SFT.measure();
      double loss = CausalLmObjective.SFT.validate(model, pass, changed, measure).value();
      assertThat(measure.values()).containsExactly(Map.entry("token_acc", hits / places.length));
      assertThat(hits).isGreaterThanOrEqualTo(places.length / 3.0);
      assertThat(loss).isEqualTo(CausalLmObjective.SFT.loss(model, pass, changed, 1).value());
    }
  }

  @Test
  void classes_that_a_classifier_gets_right_are_counted() {
    int[] ids = {5, 6, 7, 8, 9, 10};
    int[] cu = {0, 2, 6};
    try (Backend backend = Devices.cpu();
        CausalLm model = CausalLm.load(Oracle.path("models/qwen3-seqcls"), backend);
        Scope scope = new Scope(backend)) {
      Pass pass = new Pass(new Ops(backend, null, scope), AttentionContext.packed(cu), List.of(), 0);
      int[] positions = {0, 1, 0, 1, 2, 3};
      float[] logits = model.logits(pass, model.hidden(pass, scope.ints(ids), positions)).toFloats();
      double[][] best = HitMeasure.best(logits, logits.length / ids.length);
      float right = (float) best[1][0];
      float wrong = (float) ((best[5][0] + 1) % model.config().head().outputs());
      Batch batch = new Batch(ids, positions, cu, new int[6], null, List.of(RowFacts.of(right), RowFacts.of(wrong)));
      ClassObjective objective = new ClassObjective(ClassObjective.Kind.SINGLE_LABEL_CLASSIFICATION);
      Measure measure = objective.measure();
      objective.validate(model, pass, batch, measure);
      assertThat(measure.values()).containsExactly(Map.entry("acc", 0.5));
      assertThat(new ClassObjective(ClassObjective.Kind.REGRESSION).measure()).isSameAs(Measure.NONE);
    }
  }
}
