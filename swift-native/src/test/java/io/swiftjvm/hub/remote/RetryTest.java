package io.swiftjvm.hub.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RetryTest {
  private final List<Duration> waits = new ArrayList<>();
  private final List<DownloadEvent> events = new ArrayList<>();
  private final Retry retry = new Retry(TransferSettings.DEFAULT.sleeper(waits::add), events::add);

  @Test
  void waits_double_with_jitter_and_then_the_download_fails() {
    assertThatThrownBy(() -> retry.call("x", () -> {
      throw new IOException("broken pipe");
    })).isInstanceOfSatisfying(HubException.class,
            e -> assertThat(e.reason()).isEqualTo(HubException.Reason.UNREACHABLE))
        .hasMessageContaining("tried 6 times").hasMessageContaining("broken pipe").hasMessageContaining("HF_ENDPOINT");
    assertThat(waits).hasSize(5);
    for (int i = 0; i < waits.size(); i++) {
      assertThat(waits.get(i).toMillis()).isBetween(250L << i, 500L << i);
    }
    assertThat(events).hasSize(5).allMatch(e -> e instanceof DownloadEvent.Retried);
  }

  @Test
  void the_wait_that_the_hub_asks_for_is_kept_up_to_the_limit() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    retry.call("x", () -> switch (calls.getAndIncrement()) {
      case 0 -> throw new RetryableException("status 429", Duration.ofSeconds(7));
      case 1 -> throw new RetryableException("status 503", Duration.ofDays(1));
      default -> "done";
    });
    assertThat(waits).containsExactly(Duration.ofSeconds(7), TransferSettings.DEFAULT.maxWait());
  }

  @Test
  void failures_are_counted_from_the_last_progress() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    retry.call("x", () -> calls.get() * 100_000L, () -> {
      if (calls.getAndIncrement() < 20) {
        throw new IOException("cut");
      }
      return "done";
    });
    assertThat(waits).hasSize(20);
  }

  @Test
  void a_refusal_is_not_tried_again() {
    assertThatThrownBy(() -> retry.call("x", () -> {
      throw new HubException(HubException.Reason.NOT_FOUND, "no");
    })).isInstanceOf(HubException.class).hasMessage("no");
    assertThat(waits).isEmpty();
  }

  @Test
  void retry_after_is_seconds_or_a_date() {
    assertThat(HubStatus.retryAfter(" 12 ")).isEqualTo(Duration.ofSeconds(12));
    assertThat(HubStatus.retryAfter("soon")).isZero();
    assertThat(HubStatus.retryAfter("-5")).isZero();
    assertThat(HubStatus.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT")).isZero();
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC).plusDays(1));
    assertThat(HubStatus.retryAfter(date)).isBetween(Duration.ofHours(23), Duration.ofHours(25));
  }
}
