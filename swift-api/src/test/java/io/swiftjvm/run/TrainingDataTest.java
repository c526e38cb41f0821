package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From files to micro-batches: nothing is lost without being told. */
class TrainingDataTest {
  private static final int ROWS = 20;

  @TempDir
  Path temp;
  private Recipe recipe;

  @BeforeEach
  void rows() throws IOException {
    String text = IntStream.range(0, ROWS).mapToObj(i -> "{\"input_ids\": [" + "7, ".repeat(i % 5 + 1) + (100 + i) + "]}\n")
        .collect(Collectors.joining());
    recipe = Swift.model("swift-tiny").threads(1)
        .dataset(Files.writeString(temp.resolve("rows.jsonl"), text).toString());
  }

  private static TrainingData data(Recipe recipe, List<TrainEvent> events) {
    try (Run run = recipe.load()) {
      return TrainingData.of(recipe.settings(), run.loaded(), events::add);
    }
  }

  private static TrainingData data(Recipe recipe) {
    return data(recipe, new ArrayList<>());
  }

  /** The mark at the end of every row of every batch of an epoch. */
  private static List<Integer> marks(List<Batch> batches) {
    return batches.stream().flatMap(b -> IntStream.of(b.ids()).boxed()).filter(id -> id >= 100).toList();
  }

  private static List<Batch> epoch(TrainingData data) {
    List<Batch> all = new ArrayList<>();
    for (int step = 0; step < data.batches().steps(); step++) {
      all.addAll(data.batches().step(step));
    }
    return all;
  }

  private static Integer[] all() {
    return IntStream.range(100, 100 + ROWS).boxed().toArray(Integer[]::new);
  }

  @Test
  void every_row_is_trained_once_an_epoch_packed_or_not() {
    Recipe one = recipe.with("num_train_epochs", 1);
    assertThat(marks(epoch(data(one)))).containsExactlyInAnyOrder(all());
    List<Batch> packs = epoch(data(one.with("packing", true).with("packing_length", 12).with("max_length", 12)));
    assertThat(marks(packs)).containsExactlyInAnyOrder(all());
    assertThat(packs).allSatisfy(pack -> assertThat(pack.ids().length).isLessThanOrEqualTo(12)).hasSizeLessThan(ROWS);
  }

  @Test
  void without_shuffling_the_rows_come_as_they_stand() {
    Recipe plain = recipe.with("num_train_epochs", 1).with("dataset_shuffle", false);
    assertThat(marks(epoch(data(plain.with("train_dataloader_shuffle", false))))).containsExactly(all());
    assertThat(marks(epoch(data(plain)))).isNotEqualTo(List.of(all()));
  }

  @Test
  void the_part_held_out_and_the_rest_are_all_rows() {
    TrainingData data = data(recipe.with("num_train_epochs", 1).with("split_dataset_ratio", 0.25));
    assertThat(data.validation()).hasSize(5);
    List<Integer> both = new ArrayList<>(marks(epoch(data)));
    both.addAll(marks(data.validation()));
    assertThat(both).containsExactlyInAnyOrder(all());
    assertThatThrownBy(() -> data(recipe.dataset(recipe.settings().data().datasets().getFirst() + "#1")
        .with("split_dataset_ratio", 0.5))).isInstanceOf(DatasetException.class).hasMessageContaining("split_dataset_ratio");
  }

  @Test
  void a_row_that_cannot_be_used_is_counted_and_told_or_refused() {
    Recipe small = recipe.with("max_length", 4).with("num_train_epochs", 1);
    List<TrainEvent> events = new ArrayList<>();
    TrainingData data = data(small, events);
    assertThat(data.report().kept()).isEqualTo(12);
    assertThat(data.report().dropped()).hasSize(8);
    assertThat(events).hasSize(8).allSatisfy(e -> assertThat(e.toString()).contains("rows.jsonl", "max_length"));
    assertThat(marks(epoch(data))).hasSize(12);
    assertThatThrownBy(() -> data(small.with("strict", true))).isInstanceOf(DatasetException.class)
        .hasMessageContaining("rows.jsonl");
    assertThatThrownBy(() -> data(recipe.with("max_length", 2).dataset(recipe.settings().data().datasets().getFirst())
        .with("val_dataset", temp.resolve("none.jsonl").toString()))).isInstanceOf(DatasetException.class);
  }

  @Test
  void pictures_are_refused_and_too_many_drops_end_the_training() throws IOException {
    Path file = Files.writeString(temp.resolve("pictures.jsonl"),
        "{\"query\": \"q\", \"response\": \"a\"}\n{\"query\": \"<image>q\", \"response\": \"a\", \"image\": \"p.png\"}\n"
            + "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"p.png\"}}]},"
            + " {\"role\": \"assistant\", \"content\": \"a\"}]}\n");
    Recipe pictures = recipe.dataset(file.toString()).with("dataset_shuffle", false);
    assertThatThrownBy(() -> data(pictures)).isInstanceOf(DatasetException.class).hasMessageContaining("2 of 3")
        .hasMessageContaining("pictures.jsonl:2").hasMessageContaining("max_drop_ratio");
    TrainingData data = data(pictures.with("max_drop_ratio", 1));
    assertThat(data.report().kept()).isEqualTo(1);
    assertThat(data.report().dropped().stream().map(drop -> drop.origin().line())).containsExactly(2, 3);
  }

  @Test
  void data_sets_are_mixed_with_the_asked_probabilities() throws IOException {
    Path other = Files.writeString(temp.resolve("other.jsonl"), "{\"input_ids\": [5, 6]}\n".repeat(300));
    List<TrainEvent> events = new ArrayList<>();
    Recipe mixed = recipe.dataset(recipe.settings().data().datasets().getFirst(), other.toString())
        .with("num_train_epochs", 1).with("interleave_prob", List.of(0.2, 0.8));
    TrainingData data = data(mixed, events);
    assertThat(marks(epoch(data))).hasSize(ROWS);
    assertThat(data.report().kept()).isBetween(60, 180);
    assertThat(events).singleElement().asString().contains("mixture ends before");
    assertThatThrownBy(() -> data(mixed.with("interleave_prob", List.of(1)))).hasMessageContaining("interleave_prob");
    assertThatThrownBy(() -> mixed.with("interleave_prob", List.of(0.5, 0.6))).hasMessageContaining("interleave_prob");
    assertThatThrownBy(() -> mixed.with("stopping_strategy", "later")).hasMessageContaining("stopping_strategy");
  }

  @Test
  void rows_of_the_validation_data_are_counted_and_told_too() throws IOException {
    Path more = Files.writeString(temp.resolve("more.jsonl"), "{\"input_ids\": [1, 2]}\n{\"input_ids\": [99999999]}\nno json\n");
    List<TrainEvent> events = new ArrayList<>();
    TrainingData data = data(recipe.with("val_dataset", more.toString()), events);
    assertThat(data.validation()).hasSize(1);
    assertThat(data.report().kept()).isEqualTo(ROWS + 1);
    assertThat(events.stream().map(Object::toString)).hasSize(2).anyMatch(e -> e.contains("more.jsonl:2"))
        .anyMatch(e -> e.contains("more.jsonl:3"));
  }

  @Test
  void the_fingerprint_is_that_of_data_and_order() {
    String one = data(recipe).batches().fingerprint();
    assertThat(data(recipe.threads(2).with("learning_rate", 1.0)).batches().fingerprint()).isEqualTo(one);
    for (Recipe other : List.of(recipe.with("data_seed", 1), recipe.with("max_length", 4), recipe.with("packing", true),
        recipe.with("per_device_train_batch_size", 2), recipe.with("train_dataloader_shuffle", false))) {
      assertThat(data(other).batches().fingerprint()).isNotEqualTo(one);
    }
  }

  @Test
  void labels_stand_at_the_token_that_predicts_them() {
    Batch batch = TrainingData.batch(new EncodedRow(
        new int[] {1, 2, 3}, new int[] {-100, -100, 3}, new float[] {0, 0, 2}, List.of()));
    assertThat(batch.labels()).containsExactly(-100, 3, -100);
    assertThat(batch.weights()).containsExactly(0, 2, 0);
    assertThat(batch.positions()).containsExactly(0, 1, 2);
  }
}
