package io.swiftjvm.backend;

/**
 * Operations of a pass that can be done again on the same tensors, without the code that asked for them; made by a
 * {@link Recorder}.
 *
 * {@snippet :
 * try (Replay replay = recorder.replay()) {
 *   backend.upload(MemorySegment.ofArray(new int[] {42}), ids); // what the recorded pass read
 *   replay.run(segments);
 *   float[] logits = recorded.toFloats(); // of token 42
 * }
 * }
 */
public interface Replay extends AutoCloseable {
  /** One operation of a recorded pass. */
  @FunctionalInterface
  interface Operation {
    /**
     * Asks a backend for it.
     *
     * @param backend the one that recorded it, or one that stands before it and takes it down in a form of its own
     * @param segments those of this run in the place of the recording's
     */
    void run(Backend backend, Segments segments);
  }

  /**
   * Does the operations once more, in their order.
   *
   * @param segments what attention looks at now, in the place of the segments of the recording; as many sequences with as
   *     many queries. The same ones may come again with other numbers in their arrays
   */
  void run(Segments segments);

  /** Gives back what the device keeps for it; the tensors are the recorder's. */
  @Override
  void close();
}
