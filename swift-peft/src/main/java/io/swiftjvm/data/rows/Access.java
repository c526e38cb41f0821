package io.swiftjvm.data.rows;

import io.swiftjvm.error.InvalidPlanException;

/**
 * How rows reach the training: all read and encoded before it (the default), read from their place in mapped files when
 * their turn comes, or as a stream whose length nobody knows. The last two keep memory constant, whatever the size.
 *
 * @param streaming a stream: rows in file order through a shuffling buffer; needs {@code max_steps}
 * @param lazy random access by an index of mapped JSONL files; rows are encoded every time they are used
 * @param buffer rows in the shuffling buffer of a stream
 */
public record Access(boolean streaming, boolean lazy, int buffer) {
  /** Everything before the training; a stream would shuffle among 1000 rows. */
  public static final Access DEFAULT = new Access(false, false, 1000);

  public Access {
    if (streaming && lazy) {
      throw new InvalidPlanException("streaming and lazy_tokenize are both true; use lazy_tokenize for JSONL files on a "
          + "disk, streaming for everything else.");
    }
    if (buffer < 1) {
      throw new InvalidPlanException("shuffle_buffer_size is " + buffer + "; it must be 1 or more.");
    }
  }

  /** Sets whether rows come as a stream. Default: false. */
  public Access streaming(boolean v) {
    return new Access(v, lazy, buffer);
  }

  /** Sets whether rows are encoded when they are used. Default: false. */
  public Access lazy(boolean v) {
    return new Access(streaming, v, buffer);
  }

  /** Sets the rows among which a stream is shuffled, 1 or more. Default: 1000. */
  public Access buffer(int v) {
    return new Access(streaming, lazy, v);
  }
}
