package io.swiftjvm.serve;

import java.io.IOException;

/** What one path does. */
@FunctionalInterface
interface Endpoint {
  /**
   * Answers a call.
   *
   * @throws IOException if the client is gone or stuck
   */
  void answer(Call call) throws IOException, InterruptedException;
}
