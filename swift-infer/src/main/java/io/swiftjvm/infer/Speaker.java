package io.swiftjvm.infer;

import io.swiftjvm.infer.Generation.Done;
import io.swiftjvm.infer.Generation.Piece;
import io.swiftjvm.infer.Generation.Times;
import java.util.List;

/** One sequence of a {@link Scheduler}: whom it speaks to and when it got how far. For the scheduler's thread. */
final class Speaker {
  private final Generation generation;
  private final Sequence sequence;
  private final StringBuilder text;
  private final long submitted = System.nanoTime();
  private long started;
  private long spoke;
  private int told;

  /**
   * A speaker that waits.
   *
   * @param text where the sequence's listener puts what it says
   */
  Speaker(Generation generation, Sequence sequence, StringBuilder text) {
    this.generation = generation;
    this.sequence = sequence;
    this.text = text;
  }

  Generation generation() {
    return generation;
  }

  Sequence sequence() {
    return sequence;
  }

  boolean finished() {
    return sequence.finished();
  }

  boolean ready() {
    return !generation.full() || generation.cancelled();
  }

  /** Nanoseconds for which it has held its place for nothing, as nobody takes what it says. */
  long idle() {
    return ready() ? 0 : generation.idle();
  }

  long waited() {
    return System.nanoTime() - submitted;
  }

  /** True from its first place on, also while it waits for another one. */
  boolean started() {
    return started != 0;
  }

  void start() {
    started = started == 0 ? System.nanoTime() : started;
    generation.start();
  }

  /** One token on. */
  void advance(Steps.Row row) {
    sequence.advance(row);
    spoke = spoke == 0 ? System.nanoTime() : spoke;
    tell();
  }

  void cancel() {
    sequence.finish(FinishReason.CANCELLED);
    tell();
  }

  private void tell() {
    List<TokenLogprob> all = sequence.logprobs();
    if (!text.isEmpty() || told < all.size()) {
      generation.offer(new Piece(sequence.index(), text.toString(),
          told == all.size() ? List.of() : List.copyOf(all.subList(told, all.size()))));
      told = all.size();
      text.setLength(0);
    }
  }

  /** Tells that the answer is complete, when its place is free already. */
  void end() {
    generation.offer(new Done(sequence.index(), sequence.completion(), times()));
  }

  private Times times() {
    long now = System.nanoTime();
    long begun = started == 0 ? now : started;
    long first = spoke == 0 ? now : spoke;
    return new Times(begun - submitted, first - begun, now - first);
  }
}
