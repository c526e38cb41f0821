package io.swiftjvm.text.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The items of a loop that pass its {@code if}, tested one by one when they are asked for. */
final class LoopItems implements Iterator<Object> {
  private final Iterator<Object> source;
  private final Predicate<Object> test;
  private @Nullable Object found;

  LoopItems(Iterator<Object> source, Predicate<Object> test) {
    this.source = source;
    this.test = test;
  }

  @Override
  public boolean hasNext() {
    while (found == null && source.hasNext()) {
      Object item = source.next();
      found = test.test(item) ? item : null;
    }
    return found != null;
  }

  @Override
  public Object next() {
    if (!hasNext() || found == null) {
      throw new NoSuchElementException();
    }
    Object item = found;
    found = null;
    return item;
  }
}
