package io.swiftjvm.infer.external;

import io.swiftjvm.infer.external.EngineException.Reason;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The {@code data} of server-sent events. A thread of its own reads, so that waiting can be bounded and interrupted;
 * who does not take makes the server wait.
 */
final class EventStream implements AutoCloseable {
  private static final int LONGEST = 4 << 20;
  private static final int AHEAD = 64;

  /** A line, or why there is none: {@code broken} or, if both are null, the end. */
  private record Line(@Nullable String text, @Nullable IOException broken) {}

  private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(AHEAD);
  private final InputStream in;
  private final Duration idle;
  private final Thread reader;

  EventStream(InputStream body, Duration idle) {
    this.in = new BufferedInputStream(body);
    this.idle = idle;
    this.reader = Thread.ofVirtual().name("swift-event-stream").start(this::read);
  }

  private void read() {
    try {
      try {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
          if (b != '\n') {
            line.write(b);
          } else {
            lines.put(new Line(line.toString(StandardCharsets.UTF_8), null));
            line.reset();
          }
          if (line.size() > LONGEST) {
            throw new IOException("an event of more than " + LONGEST + " bytes");
          }
        }
        lines.put(new Line(null, null));
      } catch (IOException e) {
        lines.put(new Line(null, e));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** The data of the next event, or null at the end. */
  @Nullable String next() throws InterruptedException {
    while (true) {
      Line line = lines.poll(idle.toNanos(), TimeUnit.NANOSECONDS);
      if (line == null) {
        throw new EngineException(Reason.TIMEOUT, 200, "The stream had no event for " + idle + ".");
      }
      IOException broken = line.broken;
      if (broken != null) {
        throw new EngineException(Reason.UNREACHABLE, "The stream broke: " + broken.getMessage(), broken);
      }
      String text = line.text;
      if (text == null) {
        return null;
      }
      if (text.startsWith("data:")) {
        return text.substring(5).strip();
      }
    }
  }

  /** Ends the connection, by which the server knows that nobody listens any more. */
  @Override
  public void close() {
    reader.interrupt();
    try {
      in.close();
    } catch (IOException e) {
      // it is broken already, which is what was wanted
    }
  }
}
