package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/**
 * One request with its redirects. They are followed here and not by the JDK, so that the token goes to the hub's own
 * origin only and nothing leads from https to http or to another scheme.
 */
final class HubHttp implements AutoCloseable {
  private static final int MAX_REDIRECTS = 5;

  private final HubEndpoint hub;
  private final TransferSettings settings;
  private final HttpClient client;

  HubHttp(HubEndpoint hub, TransferSettings settings) {
    this.hub = hub;
    this.settings = settings;
    this.client = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1) // parts gain from connections of their own
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(settings.connect())
        .build();
  }

  HubEndpoint hub() {
    return hub;
  }

  /** The final answer to a GET, its status a success or 416. */
  HubResponse get(URI uri, Map<String, String> headers) throws IOException, InterruptedException {
    return send("GET", uri, headers, true);
  }

  /** The hub's own answer to a HEAD, which may be a redirect to a storage host. */
  HubResponse head(URI uri) throws IOException, InterruptedException {
    return send("HEAD", uri, Map.of(), false);
  }

  private HubResponse send(String method, URI uri, Map<String, String> headers, boolean leave)
      throws IOException, InterruptedException {
    URI at = uri;
    HttpHeaders fromHub = HttpHeaders.of(Map.of(), (name, value) -> true);
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      boolean own = hub.owns(at);
      HttpResponse<InputStream> response = client.send(request(method, at, headers, own),
          HttpResponse.BodyHandlers.ofInputStream());
      fromHub = own ? response.headers() : fromHub;
      if (!isRedirect(response.statusCode())) {
        return checked(new HubResponse(response, fromHub, settings.stall()), uri, own);
      }
      response.body().close();
      URI next = follow(at, response.headers().firstValue("Location").orElse(""));
      if (!leave && !hub.owns(next)) {
        return new HubResponse(response, fromHub, settings.stall());
      }
      at = next;
    }
    throw unsafe(uri, "it was redirected more than " + MAX_REDIRECTS + " times");
  }

  private HubResponse checked(HubResponse response, URI asked, boolean own) throws IOException {
    boolean fine = false;
    try {
      HubStatus.check(hub, response, asked, own);
      String encoding = response.header("Content-Encoding").orElse("identity");
      // The lengths and parts that are counted here are those of the file itself.
      if (!encoding.equalsIgnoreCase("identity")) {
        throw new RetryableException("the content is encoded as " + Shown.of(encoding), Duration.ZERO);
      }
      fine = true;
      return response;
    } finally {
      if (!fine) {
        response.close();
      }
    }
  }

  private HttpRequest request(String method, URI uri, Map<String, String> headers, boolean own) {
    HttpRequest.Builder builder = HttpRequest.newBuilder(uri)
        .method(method, HttpRequest.BodyPublishers.noBody())
        .timeout(settings.stall())
        .header("User-Agent", "swift-jvm")
        .header("Accept-Encoding", "identity");
    headers.forEach(builder::header);
    if (own && hub.token() != null) {
      builder.header("Authorization", "Bearer " + hub.token());
      if (hub.kind() == HubKind.MODEL_SCOPE) {
        builder.header("Cookie", "m_session_id=" + hub.token());
      }
    }
    return builder.build();
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /** Where {@code location} leads; anything unsafe is thrown. */
  static URI follow(URI from, String location) throws RetryableException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw unsafe(from, "it was redirected to something that is no address");
    }
    String scheme = String.valueOf(to.getScheme());
    boolean web = scheme.equalsIgnoreCase("https") || scheme.equalsIgnoreCase("http");
    boolean downgrade = "https".equalsIgnoreCase(from.getScheme()) && !scheme.equalsIgnoreCase("https");
    if (location.isBlank() || !web || downgrade || to.getHost() == null || to.getRawUserInfo() != null) {
      throw unsafe(from, "it was redirected to " + Shown.of(scheme + "://" + to.getHost())
          + ", only https (or http, when the endpoint itself is http) is followed");
    }
    return to;
  }

  // A proxy or a broken mirror may do this for a while; it is never followed, and asked again as any other failure.
  private static RetryableException unsafe(URI asked, String found) {
    return new RetryableException(HubException.Reason.REFUSED, "the answer of " + asked.getHost() + " was refused, "
        + found, Duration.ZERO);
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
