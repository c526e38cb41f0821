package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A method under its {@code tuner_type}: the settings it starts from, and how each is called in a plan and on the
 * command line.
 *
 * {@snippet :
 * TunerMethod<LohaSpec> method = TunerMethod.of("loha", LohaSpec.DEFAULT)
 *     .integer("loha_rank", "Rank of each product.", LohaSpec::rank, LohaSpec::rank);
 * }
 *
 * @param <S> its settings
 */
public final class TunerMethod<S extends Tuning> {
  /** What kind of value a setting has; [its Java type]. */
  public enum Kind {
    /** [Long]. */
    INTEGER,
    /** [Double]. */
    NUMBER,
    /** [Boolean]. */
    SWITCH,
    /** [String]. */
    TEXT,
    /** [List of String]. */
    TEXTS,
    /** [Map of String to Object]. */
    MAP
  }

  /**
   * One setting by name.
   *
   * @param get the value of settings of this method; null = unset
   * @param set the settings with another value
   */
  public record Setting(
      String name, Kind kind, String help, Function<Tuning, @Nullable Object> get,
      BiFunction<Tuning, Object, Tuning> set) {}

  private final String name;
  private final S defaults;
  private final Class<S> type;
  private final Map<String, S> aliases;
  private final List<Setting> settings;

  private TunerMethod(String name, S defaults, Class<S> type, Map<String, S> aliases, List<Setting> settings) {
    this.name = name;
    this.defaults = defaults;
    this.type = type;
    this.aliases = aliases;
    this.settings = List.copyOf(settings);
  }

  /** A method that starts from {@code defaults} and has no settings yet. */
  @SuppressWarnings("unchecked")
  public static <S extends Tuning> TunerMethod<S> of(String name, S defaults) {
    return new TunerMethod<>(name, defaults, (Class<S>) defaults.getClass(), Map.of(), List.of());
  }

  /** The {@code tuner_type}. */
  public String name() {
    return name;
  }

  /** The settings that {@code tuner} starts from, which is the method's name or another one for it; null if neither. */
  public @Nullable S start(String tuner) {
    return tuner.equals(name) ? defaults : aliases.get(tuner);
  }

  /** Its other names. */
  public List<String> aliases() {
    return List.copyOf(aliases.keySet());
  }

  /** True if {@code tuning} is of this method. */
  public boolean covers(Tuning tuning) {
    return type.isInstance(tuning);
  }

  /** The settings by name. */
  public List<Setting> settings() {
    return settings;
  }

  /** Another name, with settings of its own to start from. */
  public TunerMethod<S> alias(String other, S start) {
    Map<String, S> all = new LinkedHashMap<>(aliases);
    all.put(other, start);
    return new TunerMethod<>(name, defaults, type, all, settings);
  }

  /** Adds a whole number. */
  public TunerMethod<S> integer(
      String setting, String help, Function<S, @Nullable Integer> get, BiFunction<S, Integer, S> set) {
    return add(setting, Kind.INTEGER, help, get::apply, (s, v) -> set.apply(s, whole(setting, (Long) v)));
  }

  private static int whole(String setting, long value) {
    if (value != (int) value) {
      throw new InvalidPlanException(setting + " is " + value + "; that is out of range.");
    }
    return (int) value;
  }

  /** Adds a number. */
  public TunerMethod<S> number(String setting, String help, Function<S, @Nullable Double> get, BiFunction<S, Double, S> set) {
    return add(setting, Kind.NUMBER, help, get::apply, (s, v) -> set.apply(s, (Double) v));
  }

  /** Adds what is true or false. */
  public TunerMethod<S> flag(String setting, String help, Predicate<S> get, BiFunction<S, Boolean, S> set) {
    return add(setting, Kind.SWITCH, help, get::test, (s, v) -> set.apply(s, (Boolean) v));
  }

  /** Adds a text. */
  public TunerMethod<S> text(
      String setting, String help, Function<S, @Nullable String> get, BiFunction<S, String, S> set) {
    return add(setting, Kind.TEXT, help, get::apply, (s, v) -> set.apply(s, (String) v));
  }

  /** Adds a list of texts. */
  @SuppressWarnings("unchecked")
  public TunerMethod<S> texts(
      String setting, String help, Function<S, List<String>> get, BiFunction<S, List<String>, S> set) {
    return add(setting, Kind.TEXTS, help, get::apply, (s, v) -> set.apply(s, (List<String>) v));
  }

  /** Adds values by name. */
  @SuppressWarnings("unchecked")
  public TunerMethod<S> map(
      String setting, String help, Function<S, Map<String, ?>> get, BiFunction<S, Map<String, Object>, S> set) {
    return add(setting, Kind.MAP, help, get::apply, (s, v) -> set.apply(s, (Map<String, Object>) v));
  }

  /** Adds what chooses the modules, under the same names for every method. */
  public TunerMethod<S> targets(Function<S, LoraTargets> get, BiFunction<S, LoraTargets, S> set) {
    return texts("target_modules", "Modules by name or end of path, or all-linear.", s -> get.apply(s).modules(),
        (s, v) -> set.apply(s, get.apply(s).named(v, null)))
        .text("target_regex", "A pattern for whole module paths, instead of target_modules.",
            s -> get.apply(s).regex(), (s, v) -> set.apply(s, get.apply(s).named(List.of(), v)))
        .texts("exclude_modules", "Modules left out, by name.", s -> get.apply(s).exclude(),
            change(get, set, (t, v) -> t.exclude(v.toArray(String[]::new))))
        .texts("layers_to_transform", "Only these layers, by number.",
            s -> get.apply(s).layers().stream().map(String::valueOf).toList(),
            change(get, set, (t, v) -> t.layers(integers("layers_to_transform", v).toArray(Integer[]::new))))
        .text("layers_pattern", "Name of the list of layers in module paths, for layers_to_transform.",
            s -> get.apply(s).layersPattern(), (s, v) -> set.apply(s, get.apply(s).layersPattern(v)));
  }

  private static <S, V> BiFunction<S, V, S> change(
      Function<S, LoraTargets> get, BiFunction<S, LoraTargets, S> set, BiFunction<LoraTargets, V, LoraTargets> change) {
    return (s, v) -> set.apply(s, change.apply(get.apply(s), v));
  }

  /** The whole numbers of a list of texts; {@code InvalidPlanException} names the setting. */
  public static List<Integer> integers(String setting, List<String> texts) {
    try {
      return texts.stream().map(Integer::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new InvalidPlanException(setting + " takes whole numbers, got " + texts + ".");
    }
  }

  /** The settings of a method whose settings are a part of this one's, such as a low-rank update under something else. */
  public <T extends Tuning> TunerMethod<S> part(
      TunerMethod<T> other, List<String> names, Function<S, T> get, BiFunction<S, T, S> set) {
    TunerMethod<S> all = this;
    for (Setting setting : other.settings) {
      if (names.isEmpty() || names.contains(setting.name())) {
        all = all.add(setting.name(), setting.kind(), setting.help(), s -> setting.get().apply(get.apply(s)),
            (s, v) -> set.apply(s, other.type.cast(setting.set().apply(get.apply(s), v))));
      }
    }
    return all;
  }

  private TunerMethod<S> add(
      String setting, Kind kind, String help, Function<S, @Nullable Object> get, BiFunction<S, Object, S> set) {
    List<Setting> all = new ArrayList<>(settings);
    all.add(new Setting(
        setting, kind, help, t -> get.apply(type.cast(t)), (t, v) -> set.apply(type.cast(t), v)));
    return new TunerMethod<>(name, defaults, type, aliases, all);
  }

  @Override
  public String toString() {
    return name + " " + settings.stream().map(Setting::name).toList();
  }
}
