package io.swiftjvm.infer;

/** Sees text as it is made. Called by the thread that called the engine, outside the engine's lock. */
@FunctionalInterface
public interface StreamListener {
  /** Sees nothing. */
  StreamListener NONE = (request, piece) -> {};

  /**
   * More text, never empty and never taken back; all pieces of a request together are its {@link Completion#text()}.
   *
   * @param request index of the request in the call
   */
  void text(int request, String piece);
}
