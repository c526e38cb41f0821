package io.swiftjvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.swiftjvm.error.InvalidPlanException;
import io.swiftjvm.serve.LocalApi;
import io.swiftjvm.train.TrainEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Classifiers, embeddings and rerankers from rows to a model that is loaded again. */
class TextTasksTest {
  private static final List<String> CLASSES = List.of(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"What a fine day\"}], \"label\": 1}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"I hate rain\"}], \"label\": 0}",
      "{\"query\": \"Lovely food\", \"label\": 1}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Bad service\"}], \"label\": 0}");
  private static final List<String> RELATED = List.of(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"What is LoRA?\"}], \"positive_messages\": [[{\"role\": \"ROLE\", "
          + "\"content\": \"A low-rank adapter\"}]], \"negative_messages\": [[{\"role\": \"ROLE\", \"content\": \"A bird\"}], "
          + "[{\"role\": \"ROLE\", \"content\": \"A fast car\"}]]}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"What do cows eat?\"}], \"positive_messages\": [[{\"role\": "
          + "\"ROLE\", \"content\": \"Mostly grass\"}]], \"negative_messages\": [[{\"role\": \"ROLE\", \"content\": "
          + "\"Iron\"}]]}");
  private static final List<String> PAIRS = List.of(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"one\"}], \"positive_messages\": [[{\"role\": \"user\", "
          + "\"content\": \"1\"}]], \"label\": 0.9}",
      "{\"messages\": [{\"role\": \"user\", \"content\": \"one\"}], \"positive_messages\": [[{\"role\": \"user\", "
          + "\"content\": \"a cow\"}]], \"label\": 0.0}");

  @TempDir
  Path temp;

  private Recipe recipe(String task, List<String> rows) throws IOException {
    Path file = Files.write(temp.resolve(task + ".jsonl"),
        rows.stream().map(row -> row.replace("ROLE", task.endsWith("reranker") ? "assistant" : "user")).toList());
    return Swift.model("swift-tiny").with("task_type", task).dataset(file.toString()).threads(2)
        .outputDir(temp.resolve("out")).lora(l -> l.rank(4).dropout(0)).training(t -> t
            .optim(o -> o.learningRate(5e-3)).batch(b -> b.perDevice(2).accumulation(1).maxSteps(12))
            .schedule(c -> c.type("constant")));
  }

  private static List<Map<String, Object>> chat(String question, String answer) {
    return List.of(Map.of("role", "user", "content", question), Map.of("role", "assistant", "content", answer));
  }

  private static List<Double> losses(List<TrainEvent> events) {
    List<Double> losses = new ArrayList<>();
    events.forEach(event -> {
      if (event instanceof TrainEvent.StepEnd end) {
        losses.add(end.loss());
      }
    });
    return losses;
  }

  private static Run trained(Recipe recipe, List<TrainEvent> events) {
    return recipe.plan().train(job -> job.listener(events::add));
  }

  @ParameterizedTest
  @CsvSource({"lora,", "lora,regression", "lora,multi_label_classification", "full,"})
  void a_classifier_learns_its_labels_and_is_the_same_when_it_is_loaded_again(String tuner, String kind)
      throws IOException {
    List<String> rows = "multi_label_classification".equals(kind)
        ? CLASSES.stream().map(row -> row.replaceAll("\"label\": (\\d)", "\"label\": [$1, 2]")).toList() : CLASSES;
    Recipe recipe = recipe("seq_cls", rows).with("num_labels", "regression".equals(kind) ? 1 : 3);
    recipe = kind == null ? recipe : recipe.with("problem_type", kind);
    recipe = tuner.equals("full") ? recipe.full().training(t -> t.optim(o -> o.learningRate(1e-3))) : recipe;
    recipe = "regression".equals(kind) ? recipe.training(t -> t.optim(o -> o.learningRate(1e-3))) : recipe;
    List<String> texts = List.of("What a fine day", "I hate rain");
    List<TrainEvent> events = new ArrayList<>();
    float[][] found;
    Path folder;
    try (Run run = trained(recipe, events)) {
      found = run.classify(texts);
      folder = run.checkpoint().orElseThrow();
      run.export(temp.resolve("merged"), false);
    }
    List<Double> losses = losses(events);
    assertThat(losses.getLast()).isLessThan(0.5 * losses.getFirst());
    Recipe again = tuner.equals("full") ? Swift.model(folder.toString()) : Swift.model("swift-tiny").adapters(folder);
    try (Run run = again.threads(2).load(); Run merged = Swift.model(temp.resolve("merged").toString()).with(
        "task_type", "seq_cls").with("template", "qwen3").load()) {
      assertThat(run.classify(texts)).isDeepEqualTo(found);
      assertThat(merged.classify(texts)[0]).as("rounded to bf16").usingComparatorWithPrecision(1e-2f).containsExactly(found[0]);
    }
  }

  @ParameterizedTest
  @CsvSource({"embedding,,0.7", "embedding,infonce,0.7", "embedding,cosine_similarity,0.7", "embedding,contrastive,0.7", "reranker,,0.7",
      "reranker,listwise_reranker,0.7", "generative_reranker,,0.7", "generative_reranker,listwise_reranker,0.7"})
  void texts_that_belong_together_are_told_from_others_with_each_loss(String task, String loss, double part)
      throws IOException {
    boolean pairs = List.of("cosine_similarity", "contrastive").contains(String.valueOf(loss));
    Recipe recipe = recipe(task, pairs ? PAIRS : RELATED);
    recipe = loss == null ? recipe : recipe.with("loss_type", loss);
    recipe = task.equals("generative_reranker") ? recipe.with("generative_reranker_positive_token", "y")
        .with("generative_reranker_negative_token", "n") : recipe;
    List<TrainEvent> events = new ArrayList<>();
    float[][] found;
    Path folder;
    List<List<Map<String, Object>>> chats =
        List.of(chat("What is LoRA?", "A low-rank adapter"), chat("What is LoRA?", "A bird"));
    try (Run run = trained(recipe, events)) {
      folder = run.checkpoint().orElseThrow();
      found = task.equals("embedding") ? run.embed(List.of("one", "1")) : run.classifyChats(chats);
    }
    List<Double> losses = losses(events);
    assertThat(losses.getLast()).isLessThan(part * losses.getFirst());
    try (Run run = Swift.model("swift-tiny").adapters(folder).threads(2).load()) {
      assertThat(task.equals("embedding") ? run.embed(List.of("one", "1")) : run.classifyChats(chats))
          .isDeepEqualTo(found);
      served(run, task, found);
    }
    if (task.endsWith("reranker")) {
      assertThat(found[0][0]).isGreaterThan(found[1][0]);
    }
  }

  /** The server reads texts as the run does. */
  @ParameterizedTest
  @CsvSource({"seq_cls,,acc,1", "embedding,cosine_similarity,spearman_cosine,1", "reranker,,mrr,1", "sft,,token_acc,0.01"})
  void a_validation_tells_the_metrics_of_its_task_and_the_best_checkpoint_goes_by_them(
      String task, String loss, String metric, double least) throws IOException {
    List<String> rows = task.equals("seq_cls") ? CLASSES : loss != null && loss.startsWith("cosine") ? PAIRS
        : task.equals("sft") ? List.of("{\"query\": \"one\", \"response\": \"1\"}") : RELATED;
    Recipe recipe = recipe(task, rows).with("val_dataset", temp.resolve(task + ".jsonl").toString()).with("eval_steps", 6)
        .with("save_steps", 6).with("metric_for_best_model", metric).with("load_best_model_at_end", true);
    recipe = loss == null ? recipe : recipe.with("loss_type", loss);
    recipe = task.equals("seq_cls") ? recipe.with("num_labels", 3) : recipe;
    List<TrainEvent> events = new ArrayList<>();
    trained(recipe, events).close();
    List<Double> values = events.stream().filter(TrainEvent.Evaluated.class::isInstance)
        .map(event -> ((TrainEvent.Evaluated) event).metrics().get(metric)).toList();
    assertThat(values).hasSize(2).doesNotContainNull();
    assertThat(values.getLast()).isGreaterThanOrEqualTo(least);
    try (Stream<Path> files = Files.walk(temp)) {
      Path log = files.filter(file -> file.endsWith("logging.jsonl")).findFirst().orElseThrow();
      assertThat(Files.readString(log)).contains("\"eval_" + metric + "\"");
    }
  }

  private static void served(Run run, String task, float[][] found) throws IOException {
    boolean vectors = task.equals("embedding");
    String body = vectors ? "\"input\": [\"one\", \"1\"]"
        : "\"text_1\": \"What is LoRA?\", \"text_2\": [\"A low-rank adapter\", \"A bird\"]";
    String answer = run.api().post(vectors ? "/v1/embeddings" : "/v1/score",
        "{\"model\": \"" + run.api().models().getFirst() + "\", " + body + "}", LocalApi.Events.NONE).body();
    JsonNode data = new ObjectMapper().readTree(answer).path("data");
    assertThat(data).as(answer).hasSize(2);
    for (int i = 0; i < 2; i++) {
      for (int k = 0; vectors && k < found[i].length; k++) {
        assertThat((float) data.path(i).path("embedding").path(k).asDouble()).isCloseTo(found[i][k], within(1e-6f));
      }
      if (!vectors) {
        assertThat(data.path(i).path("score").asDouble()).isCloseTo(1 / (1 + Math.exp(-found[i][0])), within(1e-6));
      }
    }
  }

  @Test
  void a_classifier_learns_over_a_quantised_base() throws IOException {
    Recipe recipe = recipe("seq_cls", CLASSES).with("num_labels", 3).with("quant_method", "swift").with("quant_bits", 4);
    List<String> texts = List.of("What a fine day", "I hate rain");
    List<TrainEvent> events = new ArrayList<>();
    float[][] found;
    Path folder;
    try (Run run = trained(recipe, events)) {
      found = run.classify(texts);
      folder = run.checkpoint().orElseThrow();
    }
    List<Double> losses = losses(events);
    assertThat(losses.getLast()).isLessThan(0.5 * losses.getFirst());
    try (Run run = Swift.model("swift-tiny").with("quant_method", "swift").with("quant_bits", 4).adapters(folder).threads(2)
        .load()) {
      assertThat(run.classify(texts)).isDeepEqualTo(found);
    }
  }

  @Test
  void what_does_not_go_together_is_refused_by_name() throws IOException {
    Recipe cls = recipe("seq_cls", CLASSES);
    assertThatThrownBy(cls::plan).isInstanceOf(InvalidPlanException.class).hasMessageContaining("num_labels");
    assertThatThrownBy(() -> cls.with("num_labels", 3).with("tuner_type", "vera").plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("vera");
    assertThatThrownBy(() -> recipe("embedding", PAIRS).with("num_labels", 3).plan())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("num_labels is 3");
    assertThatThrownBy(() -> Swift.model("swift-tiny").with("num_labels", 2).load())
        .isInstanceOf(InvalidPlanException.class).hasMessageContaining("have a score head");
    assertThatThrownBy(() -> recipe("embedding", RELATED).with("loss_type", "contrastive").with("strict", true).train())
        .hasMessageContaining("negative_messages");
    assertThatThrownBy(() -> cls.with("num_labels", 1).with("problem_type", "single_label_classification")
        .with("strict", true).train()).hasMessageContaining("label is 1");
  }
}
