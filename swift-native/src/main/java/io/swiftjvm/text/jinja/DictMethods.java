package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code dict} that change nothing. */
final class DictMethods {
  private DictMethods() {}

  static @Nullable Object find(Map<Object, Object> self, String name) {
    return switch (name) {
      case "items" -> (Callable) (run, args) -> none(args, name, items(run, self));
      case "keys" -> (Callable) (run, args) -> none(args, name, Types.elements(run, self));
      case "values" -> (Callable) (run, args) -> none(args, name, values(run, self));
      case "copy" -> (Callable) (run, args) -> none(args, name, self);
      case "get" -> (Callable) (run, args) -> {
        Arguments.Bound bound = args.bind(name, "key", "default");
        Object value = self.get(Access.key(bound.required(0)));
        return value == null ? bound.or(1, None.NONE) : value;
      };
      default -> null;
    };
  }

  private static Object none(Arguments args, String name, Object result) {
    args.bind(name);
    return result;
  }

  static List<Object> items(Run run, Map<Object, Object> self) {
    run.budget().tick(self.size());
    List<Object> items = new ArrayList<>(self.size());
    self.forEach((key, value) -> items.add(Tuple.of(key, value)));
    return items;
  }

  private static List<Object> values(Run run, Map<Object, Object> self) {
    run.budget().tick(self.size());
    return List.copyOf(self.values());
  }
}
