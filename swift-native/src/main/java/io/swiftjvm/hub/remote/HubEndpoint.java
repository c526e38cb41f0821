package io.swiftjvm.hub.remote;

import io.swiftjvm.error.InvalidPlanException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A hub or its mirror, the token for it, and the cache folder of its library.
 *
 * @param kind which protocol and cache layout
 * @param base such as {@code https://huggingface.co}
 * @param token sent to {@code base}'s own scheme, host and port and never elsewhere; null = none
 * @param cache where repositories are kept
 */
public record HubEndpoint(HubKind kind, URI base, @Nullable String token, Path cache) {
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,4096}");

  public HubEndpoint {
    String scheme = String.valueOf(base.getScheme()).toLowerCase(Locale.ROOT);
    if (!(scheme.equals("https") || scheme.equals("http")) || base.getHost() == null || base.getRawQuery() != null
        || base.getRawFragment() != null || base.getRawUserInfo() != null) {
      throw new InvalidPlanException("The hub endpoint '" + Shown.of(base.getScheme() + "://" + base.getHost())
          + "' is not one. Use https://HOST, without user, query and fragment.");
    }
    // The message of the HTTP client would show the token.
    if (token != null && !TOKEN.matcher(token).matches()) {
      throw new InvalidPlanException("The token for " + base.getHost()
          + " holds characters that no token has. Set it again, without quotes and line breaks.");
    }
  }

  /** An endpoint given as text, such as the value of HF_ENDPOINT. */
  public static HubEndpoint of(HubKind kind, String base, Optional<String> token, Path cache) {
    String text = base.strip().replaceFirst("/+$", "");
    try {
      return new HubEndpoint(kind, URI.create(text), token.map(String::strip).orElse(null), cache);
    } catch (IllegalArgumentException e) {
      throw new InvalidPlanException("The hub endpoint '" + Shown.of(text)
          + "' is not an address. Use https://HOST.", e);
    }
  }

  /** The address {@code path}, which is already encoded, under the base. */
  URI at(String path) {
    return URI.create(base + path);
  }

  /** True when {@code uri} has this endpoint's scheme, host and port. */
  boolean owns(URI uri) {
    return base.getScheme().equalsIgnoreCase(uri.getScheme()) && base.getHost().equalsIgnoreCase(uri.getHost())
        && port(base) == port(uri);
  }

  private static int port(URI uri) {
    return uri.getPort() != -1 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  @Override
  public String toString() {
    return kind + " " + base + (token == null ? "" : " with a token");
  }
}
