package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swiftjvm.infer.TextVectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/embeddings}: vectors of length one, whole or their first {@code dimensions} (arXiv 2205.13147). */
final class EmbeddingsEndpoint implements Endpoint {
  private final Service service;
  private final TextInputs inputs;

  EmbeddingsEndpoint(Service service) {
    this.service = service;
    this.inputs = new TextInputs(service, "input", service.options().sizes().inputs(), true);
  }

  @Override
  public void answer(Call call) throws IOException {
    Fields f = call.fields();
    String model = service.names().required(f);
    boolean base64 = base64(f);
    Integer dimensions = f.integer("dimensions", 1, service.served().model().config().hiddenSize());
    List<int[]> texts = inputs.read(f).stream().map(TextInputs.Input::ids).toList();
    texts.forEach(ids -> checkLength(service, ids.length, "input"));
    LateBody body = new LateBody(service, call);
    try {
      List<float[]> vectors =
          service.vectors().embed(service, call, body, texts, service.names().adapters(model));
      ObjectNode out = head(model, texts);
      ArrayNode data = out.putArray("data");
      for (int i = 0; i < vectors.size(); i++) {
        data.add(embedding(i, cut(vectors.get(i), dimensions), base64));
      }
      body.send(out);
    } catch (ApiException e) {
      body.fail(e);
    }
  }

  private static boolean base64(Fields f) {
    String format = f.text("encoding_format");
    if (format != null && !format.equals("float") && !format.equals("base64")) {
      throw ApiException.invalid("encoding_format", "encoding_format must be float or base64.");
    }
    return "base64".equals(format);
  }

  private static float[] cut(float[] vector, @Nullable Integer dimensions) {
    return TextVectors.unit(dimensions == null ? vector : Arrays.copyOf(vector, dimensions));
  }

  private static ObjectNode embedding(int index, float[] vector, boolean base64) {
    ObjectNode node = JsonNodeFactory.instance.objectNode().put("object", "embedding").put("index", index);
    if (base64) {
      ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      return node.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
    }
    ArrayNode values = node.putArray("embedding");
    for (float value : vector) {
      values.add(value);
    }
    return node;
  }

  /** What responses about vectors begin with. */
  static ObjectNode head(String model, List<int[]> texts) {
    int tokens = texts.stream().mapToInt(ids -> ids.length).sum();
    ObjectNode out = JsonNodeFactory.instance.objectNode().put("id", Work.newId("embd-")).put("object", "list")
        .put("created", Instant.now().getEpochSecond()).put("model", model);
    out.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return out;
  }

  /** Refuses a text that the context does not hold. */
  static void checkLength(Service service, int tokens, String param) {
    int limit = service.names().maxLength();
    if (tokens > limit) {
      throw ApiException.tooLong(param, "This model's maximum context length is " + limit + " tokens; a text has "
          + tokens + ". Shorten it or set truncate_prompt_tokens.");
    }
  }
}
