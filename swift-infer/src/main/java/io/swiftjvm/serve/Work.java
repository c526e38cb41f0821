package io.swiftjvm.serve;

import io.swiftjvm.infer.GenerateRequest;
import io.swiftjvm.infer.SamplingParams;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The answers that one request asks for.
 *
 * @param id of the response
 * @param created seconds since 1970
 * @param model as the request names it
 * @param requests one for each choice, those of a prompt side by side
 * @param promptTokens tokens of all prompts, each counted once
 * @param stream as events
 * @param usage whether a stream ends with the usage
 * @param form how choices look
 */
record Work(
    String id, long created, String model, List<GenerateRequest> requests, int promptTokens, boolean stream,
    boolean usage, Form form) {

  /** The same with the usage at the end of a stream. */
  Work withUsage() {
    return new Work(id, created, model, requests, promptTokens, stream, true, form);
  }

  /** {@code n} requests for the same prompt; with a seed each has its own. */
  static List<GenerateRequest> choices(GenerateRequest request, int n) {
    List<GenerateRequest> all = new ArrayList<>();
    SamplingParams sampling = request.sampling();
    for (int i = 0; i < n; i++) {
      Long seed = sampling.seed();
      all.add(seed == null ? request : request.sampling(sampling.seed(seed + i)));
    }
    return all;
  }

  static String newId(String prefix) {
    return prefix + UUID.randomUUID().toString().replace("-", "");
  }

  /** {@code n} of a request, within the limit for {@code prompts} of them. */
  static int count(Fields request, int prompts, int limit) {
    Integer n = request.integer("n", 1, limit);
    int count = n == null ? 1 : n;
    if ((long) count * prompts > limit) {
      throw ApiException.invalid(
          "n", prompts + " prompts times n " + count + " are more than " + limit + " answers.");
    }
    return count;
  }

  static boolean streaming(Fields request) {
    return request.flag("stream", false);
  }

  /** {@code stream_options.include_usage}. */
  static boolean usage(Fields request) {
    Fields options = request.object("stream_options");
    if (options != null && !streaming(request)) {
      throw ApiException.invalid("stream_options", "stream_options needs stream.");
    }
    return options != null && options.flag("include_usage", false);
  }
}
