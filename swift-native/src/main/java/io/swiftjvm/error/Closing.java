package io.swiftjvm.error;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Closes several things, each of them whatever becomes of the others: the first error is thrown when all had their turn, with
 * later ones suppressed in it.
 *
 * {@snippet :
 * Closing.all(server, () -> Closing.each(adapters, Scope::close), model, backend);
 * }
 */
public final class Closing {
  private Closing() {}

  /** Closes {@code parts} in their order; null is nothing to close. */
  public static void all(@Nullable AutoCloseable... parts) {
    Throwable first = null;
    for (AutoCloseable part : parts) {
      first = close(part, first);
    }
    rethrow(first);
  }

  /** Runs {@code close} for each of {@code parts} in their order. */
  public static <T> void each(Iterable<T> parts, Consumer<? super T> close) {
    Throwable first = null;
    for (T part : parts) {
      try {
        close.accept(part);
      } catch (RuntimeException | Error e) {
        first = both(first, e);
      }
    }
    rethrow(first);
  }

  /** Closes {@code parts} because of {@code failure}, which the caller throws then; their own errors are suppressed in it. */
  public static void after(Throwable failure, @Nullable AutoCloseable... parts) {
    for (AutoCloseable part : parts) {
      close(part, failure);
    }
  }

  private static @Nullable Throwable close(@Nullable AutoCloseable part, @Nullable Throwable first) {
    try {
      if (part != null) {
        part.close();
      }
      return first;
    } catch (Exception | Error e) {
      return both(first, e);
    }
  }

  private static Throwable both(@Nullable Throwable first, Throwable next) {
    if (first == null) {
      return next;
    }
    if (first != next) {
      first.addSuppressed(next);
    }
    return first;
  }

  private static void rethrow(@Nullable Throwable first) {
    switch (first) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException("not everything could be closed: " + e, e);
    }
  }
}
