package io.swiftjvm.serve;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * One request that was let in.
 *
 * @param exchange its wire
 * @param fields its body; empty where it has none
 * @param path what follows the path of its route
 * @param pass what its key may still use
 * @param admin whether its key may change the server
 */
record Call(Exchange exchange, Fields fields, String path, Admission.Pass pass, boolean admin) {
  /** Answers with JSON. */
  void json(byte[] body) throws IOException {
    exchange.send(200, headers("application/json"), body);
  }

  void text(String type, String body) throws IOException {
    exchange.send(200, headers(type), body.getBytes(StandardCharsets.UTF_8));
  }

  Map<String, String> headers(String type) {
    Map<String, String> headers = new TreeMap<>(pass.headers());
    headers.put("Content-Type", type);
    return headers;
  }
}
