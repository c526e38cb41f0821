package io.swiftjvm.serve;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Who may come in. Only hashes are kept, and all of them are compared in full, so that time tells nothing. */
final class ApiKeys {
  private static final String BEARER = "bearer ";
  private static final String BASIC = "basic ";

  private final List<byte[]> hashes;
  private final boolean hasAdmin;

  /** Keys for everything but administration, and the one for all; null where none is. */
  ApiKeys(List<String> keys, @Nullable String admin) {
    hashes = Stream.concat(keys.stream(), Stream.ofNullable(admin)).map(ApiKeys::hash).toList();
    hasAdmin = admin != null;
  }

  int count() {
    return hashes.size();
  }

  /** True if the key with this number may change the server; without keys everybody on this machine may. */
  boolean admin(int number) {
    return hashes.isEmpty() || (hasAdmin && number == hashes.size() - 1);
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
    String key = key(header);
    byte[] given = hash(key);
    int found = -1;
    for (int i = 0; i < hashes.size(); i++) {
      found = MessageDigest.isEqual(hashes.get(i), given) ? i : found;
    }
    if (key.isEmpty() || found < 0) {
      throw ApiException.unauthorized(Page.has(exchange.path()));
    }
    return found;
  }

  /** The key of a header; browsers send theirs as the password of a user whose name does not matter (RFC 7617). */
  private static String key(String header) {
    if (header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return header.substring(BEARER.length()).strip();
    }
    if (!header.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
      return "";
    }
    try {
      byte[] pair = Base64.getDecoder().decode(header.substring(BASIC.length()).strip());
      String text = new String(pair, StandardCharsets.UTF_8);
      return text.substring(text.indexOf(':') + 1);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static byte[] hash(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every JDK has it
    }
  }
}
