package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}. It looks ahead only when asked to, so that loop filters run as late as in Jinja. */
final class LoopState implements Callable {
  private final Run run;
  private final int depth;
  private final @Nullable Callable recursion;
  private Iterator<Object> items;
  private @Nullable Object ahead;
  private @Nullable Object current;
  private @Nullable Object previous;
  private @Nullable Object changed;
  private long index = -1;
  private long length = -1;

  LoopState(Run run, Iterator<Object> items, int depth, @Nullable Callable recursion) {
    this.run = run;
    this.items = items;
    this.depth = depth;
    this.recursion = recursion;
  }

  /** The next item, or null at the end. */
  @Nullable Object advance() {
    Object next = peek();
    ahead = null;
    if (next != null) {
      previous = current;
      current = next;
      index++;
    }
    return next;
  }

  private @Nullable Object peek() {
    if (ahead == null && items.hasNext()) {
      ahead = items.next();
    }
    return ahead;
  }

  private long length() {
    if (length < 0) {
      List<Object> rest = new ArrayList<>();
      while (items.hasNext()) {
        rest.add(items.next());
      }
      length = index + 1 + rest.size() + (ahead == null ? 0 : 1);
      items = rest.iterator();
    }
    return length;
  }

  @Nullable Object member(String name) {
    return switch (name) {
      case "index" -> index + 1;
      case "index0" -> index;
      case "revindex" -> length() - index;
      case "revindex0" -> length() - index - 1;
      case "first" -> index == 0;
      case "last" -> peek() == null;
      case "length" -> length();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" -> previous == null ? Undefined.because("there is no previous item") : previous;
      case "nextitem" -> {
        Object next = peek();
        yield next == null ? Undefined.because("there is no next item") : next;
      }
      case "cycle" -> (Callable) (caller, args) -> {
        if (args.positional().isEmpty()) {
          throw new JinjaError("no items for cycling given");
        }
        return args.positional().get((int) (index % args.positional().size()));
      };
      case "changed" -> (Callable) (caller, args) -> {
        Tuple now = new Tuple(args.positional());
        boolean differs = changed == null || !Order.same(run, changed, now);
        changed = now;
        return differs;
      };
      default -> null;
    };
  }

  @Override
  public Object call(Run caller, Arguments arguments) {
    if (recursion == null) {
      throw new JinjaError("The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.call(caller, arguments);
  }
}
