package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import io.swiftjvm.error.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** What a status code means: go on, try again, or a refusal that says what to do. */
final class HubStatus {
  private static final long MAX_SECONDS = 86_400;

  private HubStatus() {}

  /**
   * Returns when the status is a success or 416.
   *
   * @param own whether the hub itself answered, or a host that it redirected to
   */
  static void check(HubEndpoint hub, HubResponse response, URI asked, boolean own) throws IOException {
    int status = response.status();
    if (status == 200 || status == 206 || status == 416) {
      return;
    }
    boolean passing = status == 408 || status == 425 || status == 429 || status >= 500;
    // A signed address of a storage host expires; asking the hub again gives a fresh one.
    if (passing || !own) {
      throw new RetryableException("status " + status, retryAfter(response.header("Retry-After").orElse("")));
    }
    String code = response.hubHeader("X-Error-Code").orElse("");
    String what = "Cannot fetch " + Shown.of(asked.getPath()) + " from " + hub.base().getHost() + ": ";
    String tokenName = hub.kind() == HubKind.HUGGING_FACE ? "HF_TOKEN" : "MODELSCOPE_API_TOKEN";
    throw switch (status) {
      case 401 -> new HubException(code.equals("GatedRepo") ? Reason.FORBIDDEN : Reason.UNAUTHORIZED, what
          + (hub.token() == null ? "the hub asks for a token (401), and none is set. Set " + tokenName
              : "the hub does not accept the token (401). Set a valid one as " + tokenName)
          + ", accept the model's terms on its page, and check the id: a missing repository is answered the same way.");
      case 403 -> new HubException(Reason.FORBIDDEN, what + "this account has no access (403). The repository is gated"
          + " or private: accept its terms on https://" + hub.base().getHost() + " with the account of " + tokenName
          + ", then try again.");
      case 404, 410 -> new HubException(Reason.NOT_FOUND, what + "the hub has no such repository, revision or file ("
          + status + "). Check the id, or name the other hub with " + other(hub.kind()) + "::ORG/NAME.");
      default -> new HubException(Reason.REFUSED, what + "the hub answered " + status
          + ". Check the endpoint; it may not be a hub.");
    };
  }

  static String other(HubKind kind) {
    return (kind == HubKind.HUGGING_FACE ? HubKind.MODEL_SCOPE : HubKind.HUGGING_FACE).prefix();
  }

  /** Seconds or a date; zero when it is neither. */
  static Duration retryAfter(String value) {
    String text = value.strip();
    if (text.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Math.min(Long.parseLong(text), MAX_SECONDS));
    }
    try {
      Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(Instant.now(), until);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
  }
}
