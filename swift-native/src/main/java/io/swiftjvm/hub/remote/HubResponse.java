package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The answer at the end of the redirects. Reading from a host that has fallen silent, or that drips, fails after the
 * stall limit: the HTTP client itself waits for a body without end.
 */
final class HubResponse implements AutoCloseable {
  private static final int LEAST_BYTES = 1024;

  private final HttpResponse<InputStream> response;
  private final HttpHeaders hubHeaders;
  private final Duration stall;
  private final Thread guard;
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean stalled;

  @SuppressWarnings("ThreadStartInConstructor") // the thread reads nothing before the last field is set
  HubResponse(HttpResponse<InputStream> response, HttpHeaders hubHeaders, Duration stall) {
    this.response = response;
    this.hubHeaders = hubHeaders;
    this.stall = stall;
    this.guard = Thread.ofVirtual().name("hub-stall-guard").unstarted(this::watch);
    this.guard.start();
  }

  int status() {
    return response.statusCode();
  }

  /** A header of the last answer. */
  Optional<String> header(String name) {
    return response.headers().firstValue(name);
  }

  /** A header of the hub's own answer, which may have been a redirect to another host. */
  Optional<String> hubHeader(String name) {
    return hubHeaders.firstValue(name);
  }

  OptionalLong length() {
    try {
      return response.headers().firstValueAsLong("Content-Length");
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Reads some bytes; -1 at the end. */
  int read(byte[] buffer) throws IOException {
    try {
      int read = response.body().read(buffer);
      if (read > 0) {
        bytes.addAndGet(read);
      }
      return read;
    } catch (IOException e) {
      if (stalled) {
        throw new RetryableException("fewer than " + LEAST_BYTES + " bytes in " + stall, Duration.ZERO);
      }
      throw e;
    }
  }

  private void watch() {
    try {
      long before;
      do {
        before = bytes.get();
        Thread.sleep(stall);
      } while (bytes.get() - before >= LEAST_BYTES);
      stalled = true;
      response.body().close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the response was closed
    } catch (IOException e) {
      System.getLogger(HubResponse.class.getName()).log(System.Logger.Level.DEBUG, "stalled body not closed", e);
    }
  }

  @Override
  public void close() throws IOException {
    guard.interrupt();
    response.body().close();
  }
}
