package io.swiftjvm.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** One HTTP request and its response, as the protocol needs them; an adapter for each HTTP server. For one thread. */
interface Exchange {
  String method();

  /** The path, decoded, without the query. */
  String path();

  /** The values of a header, in their order; empty where there is none. */
  List<String> headers(String name);

  /** Names and values of all headers, to be bounded. */
  HeaderSize headerSize();

  /** The body; reading fails when the client is too slow. */
  InputStream body();

  /** Answers with a whole body. */
  void send(int status, Map<String, String> headers, byte[] body) throws IOException;

  /** Answers with a body of unknown length; what is flushed is sent. A write fails when the client is gone or stuck. */
  OutputStream open(int status, Map<String, String> headers) throws IOException;

  /**
   * What the headers amount to.
   *
   * @param count how many
   * @param bytes chars of names and values
   */
  record HeaderSize(int count, long bytes) {}
}
