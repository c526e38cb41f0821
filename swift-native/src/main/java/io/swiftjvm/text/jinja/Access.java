package io.swiftjvm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Attributes, items and slices. Nothing of Java is reachable: only methods that this package lists exist. */
final class Access {
  private static final Set<String> MUTATORS = Set.of("append", "clear", "extend", "insert", "pop", "popitem", "remove",
      "reverse", "setdefault", "sort", "update");

  private Access() {}

  /** {@code target.name}: a method, else a dict entry, else undefined. */
  static Object attribute(Object target, String name) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    Object member = member(target, name);
    if (member != null) {
      return member;
    }
    Object entry = target instanceof Map<?, ?> map ? map.get(name) : null;
    return entry == null ? Undefined.attribute(target, name) : entry;
  }

  /** {@code target[key]}: an element, else for a string key a method, else undefined. */
  static Object item(Object target, Object key) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    Object element = element(target, key);
    if (element != null) {
      return element;
    }
    if (key instanceof String name) {
      Object member = member(target, name);
      return member == null ? Undefined.attribute(target, name) : member;
    }
    return Undefined.item(target, shown(key));
  }

  private static String shown(Object key) {
    return switch (key) {
      case Long number -> number.toString();
      case Boolean flag -> flag ? "True" : "False";
      case Double number -> FloatText.of(number);
      default -> "of type " + Types.name(key);
    };
  }

  private static @Nullable Object element(Object target, Object key) {
    if (target instanceof Map<?, ?> map) {
      return key instanceof List || key instanceof Map ? null : map.get(key(key));
    }
    if (!Types.isInteger(key)) {
      return null;
    }
    long index = Types.integer(key);
    if (target instanceof List<?> list) {
      long at = index < 0 ? index + list.size() : index;
      return at >= 0 && at < list.size() ? list.get((int) at) : null;
    }
    if (target instanceof String text) {
      long length = Texts.length(text);
      long at = index < 0 ? index + length : index;
      return at >= 0 && at < length ? Character.toString(text.codePointAt(Texts.index(text, (int) at))) : null;
    }
    return null;
  }

  private static @Nullable Object member(Object target, String name) {
    boolean container = target instanceof List || target instanceof Map;
    if (container && !(target instanceof Tuple) && MUTATORS.contains(name) && isPythonMember(target, name)) {
      return refused(target, name);
    }
    return switch (target) {
      case String text -> TextMethods.find(text, name);
      case Map<?, ?> map -> DictMethods.find(Types.map(map), name);
      case List<?> list -> ListMethods.find(Types.list(list), name);
      case Namespace namespace -> namespace.members().get(name);
      case LoopState loop -> loop.member(name);
      case Macro macro -> macro.member(name);
      case Cycler cycler -> cycler.member(name);
      default -> null;
    };
  }

  private static boolean isPythonMember(Object target, String name) {
    return switch (name) {
      case "append", "extend", "insert", "remove", "reverse", "sort" -> target instanceof List;
      case "popitem", "setdefault", "update" -> target instanceof Map;
      default -> true;
    };
  }

  private static Object refused(Object target, String name) {
    return Undefined.because("access to attribute '" + name + "' of '" + Types.name(target)
        + "' object is unsafe: values of a chat template cannot be changed");
  }

  /** A dict key: equal numbers are one key, and only scalars and flat tuples may be keys. */
  static Object key(Object key) {
    return switch (key) {
      case Double number when number == Math.rint(number) && Math.abs(number) < 1L << 53 -> number.longValue();
      case Tuple tuple when tuple.stream().noneMatch(List.class::isInstance) -> tuple;
      case List<?> list -> throw new JinjaError("unhashable type: '" + Types.name(list) + "'");
      case Map<?, ?> map -> throw new JinjaError("unhashable type: 'dict'");
      default -> key;
    };
  }

  static Object slice(Run run, Object target, @Nullable Object start, @Nullable Object stop, @Nullable Object step) {
    if (target instanceof Undefined undefined) {
      throw undefined.fail();
    }
    Long size = switch (target) {
      case String text -> (long) Texts.length(text);
      case List<?> list -> (long) list.size();
      default -> null;
    };
    if (size == null) {
      return Undefined.item(target, "slice(...)");
    }
    long by = bound(step, 1);
    if (by == 0) {
      throw new JinjaError("slice step cannot be zero");
    }
    long from = absent(start) ? (by > 0 ? 0 : size - 1) : clamp(bound(start, 0), size, by);
    long to = absent(stop) ? (by > 0 ? size : -1) : clamp(bound(stop, 0), size, by);
    if (target instanceof String text && by == 1) {
      int first = Texts.index(text, (int) from);
      int last = Math.max(first, Texts.index(text, (int) Math.max(from, to)));
      run.budget().text(last - first);
      return text.substring(first, last);
    }
    List<Object> source = target instanceof String text ? Texts.characters(run, text) : Types.list((List<?>) target);
    List<Object> picked = new ArrayList<>();
    for (long at = from; by > 0 ? at < to : at > to; at += by) {
      run.budget().tick();
      picked.add(source.get((int) at));
    }
    return switch (target) {
      case String text -> String.join("", picked.stream().map(String.class::cast).toList());
      case Tuple tuple -> new Tuple(picked);
      default -> picked;
    };
  }

  private static long bound(@Nullable Object value, long fallback) {
    if (value == null || absent(value)) {
      return fallback;
    }
    if (!Types.isInteger(value)) {
      throw new JinjaError("slice indices must be integers or None, found " + Types.name(value));
    }
    return Types.clamped(Types.integer(value));
  }

  private static boolean absent(@Nullable Object bound) {
    return bound == null || bound == None.NONE;
  }

  private static long clamp(long index, long size, long step) {
    long at = index < 0 ? index + size : index;
    return step > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
  }
}
