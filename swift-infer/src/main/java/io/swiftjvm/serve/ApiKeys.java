package io.swiftjvm.serve;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** Who may come in. Only hashes are kept, and all of them are compared in full, so that time tells nothing. */
final class ApiKeys {
  private static final String SCHEME = "bearer ";

  private final List<byte[]> hashes;

  ApiKeys(List<String> keys) {
    hashes = keys.stream().map(ApiKeys::hash).toList();
  }

  boolean any() {
    return !hashes.isEmpty();
  }

  /** Number of the client's key; 0 for everybody where there are no keys. */
  int check(Exchange exchange) {
    if (hashes.isEmpty()) {
      return 0;
    }
    List<String> headers = exchange.headers("Authorization");
    String header = headers.size() == 1 ? headers.getFirst() : "";
    boolean bearer = header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    byte[] given = hash(bearer ? header.substring(SCHEME.length()).strip() : "");
    int found = -1;
    for (int i = 0; i < hashes.size(); i++) {
      found = MessageDigest.isEqual(hashes.get(i), given) ? i : found;
    }
    if (!bearer || found < 0) {
      throw ApiException.unauthorized();
    }
    return found;
  }

  private static byte[] hash(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every JDK has it
    }
  }
}
