package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.TextVectors;
import io.swiftjvm.train.objective.YesNo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/rerank} and {@code POST /v1/score}: how well texts fit together. A classifier with one label and a
 * generative reranker read both as a pair and the output goes through the logistic function; of any other model it is
 * the cosine of the vectors.
 */
final class RelevanceEndpoints {
  private final Service service;

  RelevanceEndpoints(Service service) {
    this.service = service;
  }

  void rerank(Call call) throws IOException {
    Fields f = call.fields();
    String model = service.names().required(f);
    String query = f.requiredText("query");
    List<String> documents = documents(f, "documents");
    Integer top = f.integer("top_n", 0, Integer.MAX_VALUE);
    boolean shown = f.flag("return_documents", true);
    List<String> queries = documents.stream().map(document -> query).toList();
    answer(call, model, queries, documents, "documents", (scores, out) -> {
      ArrayNode results = out.putArray("results");
      IntStream.range(0, scores.length).boxed()
          .sorted(Comparator.comparingDouble((Integer i) -> -scores[i]))
          .limit(top == null || top == 0 ? scores.length : top).forEach(i -> {
            ObjectNode result = results.addObject().put("index", i).put("relevance_score", scores[i]);
            if (shown) {
              result.putObject("document").put("text", documents.get(i));
            }
          });
    });
  }

  void score(Call call) throws IOException {
    Fields f = call.fields();
    String model = service.names().required(f);
    List<String> firsts = f.has("queries") ? documents(f, "queries") : documents(f, "text_1");
    List<String> seconds = f.has("documents") ? documents(f, "documents") : documents(f, "text_2");
    if (firsts.size() != 1 && firsts.size() != seconds.size()) {
      throw ApiException.invalid("text_1", "text_1 has " + firsts.size() + " texts and text_2 " + seconds.size()
          + "; text_1 must have one or as many.");
    }
    String only = firsts.getFirst();
    List<String> queries = firsts.size() == 1 ? seconds.stream().map(text -> only).toList() : firsts;
    answer(call, model, queries, seconds, "text_2", (scores, out) -> {
      ArrayNode data = out.putArray("data");
      for (int i = 0; i < scores.length; i++) {
        data.addObject().put("object", "score").put("index", i).put("score", scores[i]);
      }
    });
  }

  /** One text or several, each a string or {@code {"text": ..}}. */
  private List<String> documents(Fields f, String name) {
    JsonNode value = f.get(name);
    List<JsonNode> nodes = value != null && (value.isTextual() || value.isObject())
        ? List.of(value) : f.list(name, service.options().sizes().inputs());
    if (nodes == null || nodes.isEmpty()) {
      throw ApiException.invalid(name, name + " must be a text or a list with at least one.");
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      JsonNode node = nodes.get(i);
      texts.add(node.isTextual()
          ? Text.whole(node.textValue()) : Fields.of(node, name + "[" + i + "]").requiredText("text"));
    }
    return texts;
  }

  /** Writes the part of a response that differs. */
  private interface Body {
    void write(double[] scores, ObjectNode out);
  }

  private void answer(
      Call call, String model, List<String> firsts, List<String> seconds, String param, Body kind) throws IOException {
    Integer last = call.fields().integer("truncate_prompt_tokens", -1, service.names().maxLength());
    TextForm form = service.served().texts();
    YesNo words = form == null ? null : form.words();
    boolean classes = service.served().model().config().classifies();
    boolean pairs = classes || words != null;
    if (classes && service.served().model().config().head().outputs() != 1) {
      throw ApiException.invalid("model", "This model tells " + service.served().model().config().head().outputs()
          + " classes apart; relevance needs a classifier with one label or a language model.");
    }
    List<int[]> texts = pairs ? pairs(firsts, seconds, param, last) : singles(firsts, seconds, param, last);
    LateBody body = new LateBody(service, call);
    try {
      List<String> adapters = service.names().adapters(model);
      List<float[]> outputs = !pairs ? List.of()
          : words == null ? service.vectors().classify(service, call, body, texts, adapters)
              : service.vectors().rank(service, call, body, texts, adapters, words);
      double[] scores = pairs ? outputs.stream().mapToDouble(output -> 1 / (1 + Math.exp(-output[0]))).toArray()
          : cosines(service.vectors().embed(service, call, body, texts, adapters), firsts, seconds.size());
      ObjectNode out = EmbeddingsEndpoint.head(model, texts);
      kind.write(scores, out);
      body.send(out);
    } catch (ApiException e) {
      body.fail(e);
    }
  }

  private List<int[]> pairs(List<String> firsts, List<String> seconds, String param, @Nullable Integer last) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < seconds.size(); i++) {
      texts.add(checked(
          service.prompts().pair(firsts.get(i), seconds.get(i), service.names().maxLength(), param), param, last));
    }
    return texts;
  }

  /** The first texts, then the second ones; a query that all share comes once. */
  private List<int[]> singles(List<String> firsts, List<String> seconds, String param, @Nullable Integer last) {
    List<int[]> texts = new ArrayList<>();
    for (String text : shared(firsts) ? List.of(firsts.getFirst()) : firsts) {
      texts.add(single(text, param.equals("documents") ? "query" : "text_1", last));
    }
    seconds.forEach(text -> texts.add(single(text, param, last)));
    return texts;
  }

  private int[] single(String text, String param, @Nullable Integer last) {
    return checked(service.prompts().single(text, true, service.names().maxLength(), param), param, last);
  }

  private int[] checked(int[] ids, String param, @Nullable Integer last) {
    int[] kept = PromptEncoder.last(ids, last, service.names().maxLength());
    if (kept.length == 0) {
      throw ApiException.invalid(param, param + " has a text without tokens.");
    }
    EmbeddingsEndpoint.checkLength(service, kept.length, param);
    return kept;
  }

  private static boolean shared(List<String> firsts) {
    return firsts.stream().distinct().count() == 1;
  }

  private static double[] cosines(List<float[]> vectors, List<String> firsts, int seconds) {
    int queries = vectors.size() - seconds;
    return IntStream.range(0, seconds).mapToDouble(i ->
        TextVectors.cosine(vectors.get(shared(firsts) ? 0 : i), vectors.get(queries + i))).toArray();
  }
}
