package io.swiftjvm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.Recipe;
import io.swiftjvm.Run;
import io.swiftjvm.Swift;
import io.swiftjvm.data.Batch;
import io.swiftjvm.data.rows.DropReport;
import io.swiftjvm.data.template.EncodedRow;
import io.swiftjvm.error.DatasetException;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
      return TrainingData.of(recipe.settings(), run.loaded(), event -> {
        if (!(event instanceof TrainEvent.DataReady)) {
          events.add(event);
        }
      });
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

  private static List<List<Batch>> steps(TrainingData data) {
    return IntStream.range(0, data.batches().steps()).mapToObj(data.batches()::step).toList();
  }

  private static List<List<Integer>> ids(List<Batch> batches) {
    return batches.stream().map(batch -> IntStream.of(batch.ids()).boxed().toList()).toList();
  }

  private static List<Integer> lengths(List<Batch> batches) {
    return batches.stream().map(batch -> batch.ids().length).toList();
  }

  @Test
  void a_stream_gives_the_rows_of_the_files_and_a_resumed_one_goes_on_with_the_same() {
    Recipe plain = recipe.with("dataset_shuffle", false).with("train_dataloader_shuffle", false)
        .with("per_device_train_batch_size", 2).with("gradient_accumulation_steps", 3).with("num_train_epochs", 2);
    List<List<Batch>> whole = steps(data(plain));
    for (boolean shuffle : new boolean[] {false, true}) {
      Recipe stream = plain.with("streaming", true).with("max_steps", 8).with("dataset_shuffle", shuffle)
          .with("shuffle_buffer_size", 5);
      try (TrainingData data = data(stream); TrainingData resumed = data(stream)) {
        List<List<Batch>> steps = steps(data);
        assertThat(steps.stream().map(step -> marks(step).size())).isEqualTo(whole.stream().map(step -> marks(step).size()).toList());
        assertThat(marks(steps.subList(0, 4).stream().flatMap(List::stream).toList())).containsExactlyInAnyOrder(all());
        assertThat(marks(steps.subList(4, 8).stream().flatMap(List::stream).toList())).containsExactlyInAnyOrder(all());
        assertThat(steps.stream().map(TrainingDataTest::marks).toList().equals(whole.stream().map(TrainingDataTest::marks).toList()))
            .isNotEqualTo(shuffle);
        assertThat(marks(resumed.batches().step(6))).isEqualTo(marks(steps.get(6)));
        assertThat(marks(resumed.batches().step(2))).isEqualTo(marks(steps.get(2)));
        assertThat(data.report()).isEqualTo(new DropReport(ROWS, List.of()));
        assertThat(data.batches().fingerprint()).isEqualTo(resumed.batches().fingerprint());
      }
    }
  }

  @Test
  void a_stream_is_packed_or_batched_by_tokens_like_the_whole() {
    Recipe plain = recipe.with("dataset_shuffle", false).with("train_dataloader_shuffle", false).with("num_train_epochs", 1)
        .with("gradient_accumulation_steps", 1);
    for (Map<String, Object> how : List.<Map<String, Object>>of(Map.of("max_tokens_per_batch", 9),
        Map.of("packing", true, "packing_length", 12, "max_length", 12),
        Map.of("packing", true, "packing_length", 12, "max_length", 12, "packing_strategy", "sequential"))) {
      Recipe with = plain;
      for (Map.Entry<String, Object> setting : how.entrySet()) {
        with = with.with(setting.getKey(), setting.getValue());
      }
      TrainingData whole = data(with);
      try (TrainingData stream = data(with.with("streaming", true).with("max_steps", whole.batches().steps()))) {
        assertThat(ids(epoch(stream))).isEqualTo(ids(epoch(whole)));
      }
      assertThat(lengths(epoch(whole))).allMatch(length -> length <= (how.containsKey("packing") ? 12 : 9)).hasSizeLessThan(ROWS);
    }
  }

  @Test
  void a_bad_row_of_a_stream_is_counted_in_its_first_pass_and_lost_rows_end_it() throws IOException {
    Path file = Files.writeString(temp.resolve("bad.jsonl"), "{\"input_ids\": [100, 101]}\nno json\n{\"input_ids\": [99999999]}\n".repeat(3));
    List<TrainEvent> events = new ArrayList<>();
    Recipe stream = recipe.dataset(file.toString()).with("streaming", true).with("max_steps", 5);
    try (TrainingData data = data(stream, events)) {
      assertThat(steps(data)).hasSize(5).allSatisfy(step -> assertThat(marks(step)).hasSize(6));
      assertThat(data.report().kept()).isEqualTo(3);
      assertThat(data.report().dropped().stream().map(drop -> drop.origin().line())).containsExactlyInAnyOrder(2, 3, 5, 6, 8, 9);
      assertThat(events).hasSize(6);
    }
    Files.writeString(file, "no json\n".repeat(1200));
    try (TrainingData data = data(stream)) {
      assertThatThrownBy(() -> data.batches().step(0)).isInstanceOf(DatasetException.class).hasMessageContaining("max_drop_ratio");
    }
    Files.writeString(file, "no json\n");
    try (TrainingData data = data(stream)) {
      assertThatThrownBy(() -> data.batches().step(0)).isInstanceOf(DatasetException.class).hasMessageContaining("no row");
    }
    try (TrainingData data = data(stream.with("strict", true))) {
      assertThatThrownBy(() -> data.batches().step(0)).isInstanceOf(DatasetException.class).hasMessageContaining("bad.jsonl:1");
    }
  }

  @Test
  void a_stream_holds_out_the_first_rows_of_a_counted_data_set() {
    String path = recipe.settings().data().datasets().getFirst();
    Recipe stream = recipe.dataset(path + "#10").with("streaming", true).with("max_steps", 1)
        .with("dataset_shuffle", false).with("split_dataset_ratio", 0.3);
    try (TrainingData data = data(stream)) {
      assertThat(marks(data.validation())).containsExactly(100, 101, 102);
      assertThat(marks(epoch(data))).containsExactly(103, 104, 105, 106, 107, 108, 109);
      assertThat(data.report().kept()).isEqualTo(10);
    }
  }

  @Test
  void rows_encoded_when_their_turn_comes_are_those_encoded_before() throws IOException {
    Recipe eager = recipe.with("dataset_shuffle", false).with("num_train_epochs", 2).with("per_device_train_batch_size", 3);
    try (TrainingData lazy = data(eager.with("lazy_tokenize", true))) {
      assertThat(ids(epoch(lazy))).isEqualTo(ids(epoch(data(eager))));
      assertThat(lazy.report()).isEqualTo(new DropReport(ROWS, List.of()));
    }
    Path file = Files.writeString(temp.resolve("bad.jsonl"), "\n{\"input_ids\": [100]}\nno json\n\n{\"input_ids\": [101]}\n");
    List<TrainEvent> events = new ArrayList<>();
    try (TrainingData lazy = data(eager.dataset(file.toString()).with("lazy_tokenize", true), events)) {
      assertThat(marks(epoch(lazy))).containsExactlyInAnyOrder(100, 101, 100, 101);
      assertThat(lazy.report().kept()).isEqualTo(2);
      assertThat(events).singleElement().asString().contains("bad.jsonl:3");
    }
  }

  @Test
  void rows_encoded_beforehand_give_the_same_training_bit_for_bit() throws IOException {
    Path file = Files.writeString(temp.resolve("chat.jsonl"), IntStream.range(0, 30)
        .mapToObj(i -> "{\"query\": \"question " + i + "\", \"response\": \"answer " + "word ".repeat(i) + "\"}\n")
        .collect(Collectors.joining()) + "no json\n");
    for (Recipe live : List.of(recipe.dataset(file.toString()).with("split_dataset_ratio", 0.2),
        recipe.dataset(file.toString()).with("split_dataset_ratio", 0.2).with("packing", true),
        recipe.dataset(file.toString()).with("split_dataset_ratio", 0.2).with("is_binary_loss_scale", false))) {
      Path folder = temp.resolve("cache" + live.hashCode());
      try (Run run = live.load()) {
        DropReport report = TrainingData.cache(live.settings(), run.loaded(), folder, event -> { });
        assertThat(report.kept()).isEqualTo(30);
        assertThat(report.count()).isEqualTo(1);
      }
      Recipe cached = live.dataset().with("split_dataset_ratio", 0)
          .with("cached_dataset", List.of(folder.resolve("train").toString()))
          .with("cached_val_dataset", List.of(folder.resolve("val").toString()));
      TrainingData whole = data(live);
      try (TrainingData data = data(cached)) {
        assertThat(data.batches().fingerprint()).isEqualTo(whole.batches().fingerprint());
        assertThat(ids(epoch(data))).isEqualTo(ids(epoch(whole)));
        assertThat(ids(data.validation())).hasSize(6).isEqualTo(ids(whole.validation()));
      }
      for (Recipe other : List.of(cached.with("max_length", 100), cached.with("loss_scale", "all"), cached.with("system", "x"))) {
        assertThatThrownBy(() -> data(other)).isInstanceOf(DatasetException.class).hasMessageContaining("cached_dataset")
            .hasMessageContaining("Export it again");
      }
      assertThatThrownBy(() -> data(cached.with("cached_dataset", List.of(temp.toString())))).isInstanceOf(DatasetException.class)
          .hasMessageContaining("rows.safetensors");
    }
  }

  @Test
  void what_was_read_is_told_with_the_fill_of_packs() {
    List<TrainEvent.DataReady> told = new ArrayList<>();
    Recipe packed = recipe.with("packing", true).with("packing_length", 12).with("max_length", 12).with("num_train_epochs", 1);
    try (Run run = packed.load()) {
      TrainingData.of(packed.settings(), run.loaded(), event -> told.add((TrainEvent.DataReady) event));
    }
    assertThat(told).singleElement().satisfies(ready -> {
      assertThat(ready.rows()).isEqualTo(ROWS);
      assertThat(ready.tokens()).isEqualTo(80);
      assertThat(ready.fill()).isEqualTo(80 / (12.0 * ready.units())).isGreaterThan(0.9);
      assertThat(ready.steps()).isEqualTo(1);
    });
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
    Batch batch = RowEncoding.batch(new EncodedRow(
        new int[] {1, 2, 3}, new int[] {-100, -100, 3}, new float[] {0, 0, 2}, List.of()));
    assertThat(batch.labels()).containsExactly(-100, 3, -100);
    assertThat(batch.weights()).containsExactly(0, 2, 0);
    assertThat(batch.positions()).containsExactly(0, 1, 2);
  }
}
