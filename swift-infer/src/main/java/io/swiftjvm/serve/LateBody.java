package io.swiftjvm.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** A JSON body that takes its time. Blanks before it find out if the client is there. */
final class LateBody {
  private final Service service;
  private final Call call;
  private @Nullable OutputStream out;

  LateBody(Service service, Call call) {
    this.service = service;
    this.call = call;
  }

  /** Writes what a client passes over; fails if it left. */
  void heartbeat() throws IOException {
    OutputStream stream = out == null ? call.exchange().open(200, call.headers("application/json")) : out;
    out = stream;
    stream.write(' ');
    stream.flush();
  }

  void send(ObjectNode body) throws IOException {
    byte[] bytes = service.json().bytes(body);
    OutputStream stream = out;
    if (stream == null) {
      call.json(bytes);
    } else {
      stream.write(bytes);
      stream.close();
    }
  }

  /** Tells an error: by its status while nothing was sent, else as the body. */
  void fail(ApiException error) throws IOException {
    if (out == null) {
      throw error;
    }
    send(error.body());
  }
}
