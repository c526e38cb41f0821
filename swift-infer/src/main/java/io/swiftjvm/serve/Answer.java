package io.swiftjvm.serve;

import io.swiftjvm.infer.Generation.Event;
import java.io.IOException;

/** One response in the making. */
interface Answer {
  void event(Event event) throws IOException;

  /** Writes what a client passes over; fails if it left. */
  void heartbeat() throws IOException;

  void end() throws IOException;

  /** Tells an error: by its status while nothing was sent, else in the body. */
  void fail(ApiException error) throws IOException;
}
