package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;

/**
 * How large a request may be; larger ones are answered with 400, 413 or 431.
 *
 * @param bodyBytes bytes of a body
 * @param bufferedBytes bytes of all bodies that are held at once; further ones get 503
 * @param headers headers of a request
 * @param headerBytes chars of all headers of a request
 * @param jsonDepth nesting of a body
 * @param messages messages of a conversation
 * @param choices answers of one request: prompts times {@code n}
 * @param inputs texts of one request for vectors
 * @param logprobs most alternatives that {@code top_logprobs} may ask for, 0 .. 20
 */
public record SizeLimits(
    int bodyBytes, long bufferedBytes, int headers, int headerBytes, int jsonDepth, int messages, int choices,
    int inputs, int logprobs) {
  /** 16 MiB, 256 MiB, 100, 64 KiB, 1000, 4096, 128, 2048, 20. */
  public static final SizeLimits DEFAULT = new SizeLimits(16 << 20, 256L << 20, 100, 64 << 10, 1000, 4096, 128, 2048, 20);

  private static final int MOST_LOGPROBS = 20;

  public SizeLimits {
    if (bodyBytes < 1 || bufferedBytes < bodyBytes || headers < 1 || headerBytes < 1 || jsonDepth < 1 || messages < 1
        || choices < 1 || inputs < 1) {
      throw new InvalidPlanException("server: a size limit is below 1, or bufferedBytes " + bufferedBytes
          + " below bodyBytes " + bodyBytes + ". Raise it.");
    }
    if (logprobs < 0 || logprobs > MOST_LOGPROBS) {
      throw new InvalidPlanException("max_logprobs is " + logprobs + "; it must be 0 .. " + MOST_LOGPROBS + ".");
    }
  }

  /** Sets the bytes of a body. Default: 16 MiB. Legal: 1 .. bufferedBytes. */
  public SizeLimits bodyBytes(int value) {
    return new SizeLimits(value, bufferedBytes, headers, headerBytes, jsonDepth, messages, choices, inputs, logprobs);
  }

  /** Sets the bytes of all bodies held at once. Default: 256 MiB. Legal: bodyBytes or more. */
  public SizeLimits bufferedBytes(long value) {
    return new SizeLimits(bodyBytes, value, headers, headerBytes, jsonDepth, messages, choices, inputs, logprobs);
  }

  /** Sets the number of headers. Default: 100. Legal: 1 or more. */
  public SizeLimits headers(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, value, headerBytes, jsonDepth, messages, choices, inputs, logprobs);
  }

  /** Sets the chars of all headers. Default: 65536. Legal: 1 or more. */
  public SizeLimits headerBytes(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, value, jsonDepth, messages, choices, inputs, logprobs);
  }

  /** Sets the nesting of a body. Default: 1000. Legal: 1 or more. */
  public SizeLimits jsonDepth(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, headerBytes, value, messages, choices, inputs, logprobs);
  }

  /** Sets the messages of a conversation. Default: 4096. Legal: 1 or more. */
  public SizeLimits messages(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, headerBytes, jsonDepth, value, choices, inputs, logprobs);
  }

  /** Sets the answers of one request. Default: 128. Legal: 1 or more. */
  public SizeLimits choices(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, headerBytes, jsonDepth, messages, value, inputs, logprobs);
  }

  /** Sets the texts of one request for vectors. Default: 2048. Legal: 1 or more. */
  public SizeLimits inputs(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, headerBytes, jsonDepth, messages, choices, value, logprobs);
  }

  /** Sets the most {@code top_logprobs}. Default: 20. Legal: 0 .. 20. */
  public SizeLimits logprobs(int value) {
    return new SizeLimits(bodyBytes, bufferedBytes, headers, headerBytes, jsonDepth, messages, choices, inputs, value);
  }
}
