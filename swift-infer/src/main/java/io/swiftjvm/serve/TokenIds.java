package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Token ids that clients send; none outside the vocabulary goes further. */
final class TokenIds {
  private TokenIds() {}

  static List<Integer> read(List<JsonNode> nodes, int vocabulary, String param) {
    List<Integer> ids = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (!node.isInt() || node.intValue() < 0 || node.intValue() >= vocabulary) {
        throw ApiException.invalid(param, param + " must hold token ids from 0 to " + (vocabulary - 1) + ".");
      }
      ids.add(node.intValue());
    }
    return ids;
  }

  static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(id -> id).toArray();
  }
}
