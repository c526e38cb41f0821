package io.swiftjvm.tuner;

import io.swiftjvm.error.InvalidPlanException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which projections take an adapter, by PEFT's rules.
 *
 * @param modules full paths or their ends ({@code q_proj}); {@code all-linear} = every projection but the output head
 * @param regex a pattern for the whole path, instead of {@code modules}; or null
 * @param exclude paths or their ends that stay untouched
 * @param layers only these layer numbers; empty = all
 * @param layersPattern name of the list that the layer number follows ({@code layers}); null = any
 */
public record LoraTargets(
    List<String> modules, @Nullable String regex, List<String> exclude, List<Integer> layers,
    @Nullable String layersPattern) {
  /** The name for every projection but the output head and the routers of experts. */
  public static final String ALL_LINEAR = "all-linear";

  /** Every projection but the output head and the routers of experts. */
  public static final LoraTargets ALL = of(ALL_LINEAR);

  private static final int MAX_PATTERN = 1000;
  private static final Set<String> HEADS = Set.of("lm_head", "output", "score");
  private static final Pattern ROUTER = Pattern.compile(".*\\.(gate|router)");

  public LoraTargets {
    modules = List.copyOf(modules);
    exclude = List.copyOf(exclude);
    layers = List.copyOf(layers);
    if (modules.isEmpty() == (regex == null)) {
      throw new InvalidPlanException("LoRA targets need either module names or one regular expression, got "
          + modules + " and " + regex + ". Use \"all-linear\" for every projection.");
    }
    if (regex != null) {
      compile(regex);
    }
    if (layersPattern != null) {
      compile(layersPattern);
    }
  }

  /** Targets by full path, by the end of the path, or {@code all-linear}. */
  public static LoraTargets of(String... modules) {
    return new LoraTargets(List.of(modules), null, List.of(), List.of(), null);
  }

  /** Targets whose whole path matches a regular expression. */
  public static LoraTargets matching(String regex) {
    return new LoraTargets(List.of(), regex, List.of(), List.of(), null);
  }

  /** Leaves these out, by path or end of path. Default: none. */
  public LoraTargets exclude(String... names) {
    return new LoraTargets(modules, regex, List.of(names), layers, layersPattern);
  }

  /** Only these layers. Default: all. */
  public LoraTargets layers(Integer... numbers) {
    return new LoraTargets(modules, regex, exclude, List.of(numbers), layersPattern);
  }

  /** Other names or another pattern for the whole path; the rest stays. */
  public LoraTargets named(List<String> names, @Nullable String pattern) {
    return new LoraTargets(names, pattern, exclude, layers, layersPattern);
  }

  /** Sets the name of the list that the layer number follows. Default: any. */
  public LoraTargets layersPattern(@Nullable String value) {
    return new LoraTargets(modules, regex, exclude, layers, value);
  }

  /**
   * The chosen ones of {@code paths}, in their order. {@link InvalidPlanException} lists the names that exist when
   * nothing matches or a name matches nothing.
   */
  public List<String> select(Collection<String> paths) {
    for (String name : modules) {
      if (!name.equals(ALL_LINEAR) && paths.stream().noneMatch(path -> endsWith(path, name))) {
        throw unknown("No projection is named '" + name + "'", paths);
      }
    }
    List<String> chosen = matches(paths);
    if (chosen.isEmpty()) {
      throw unknown("No projection matches " + this, paths);
    }
    return chosen;
  }

  /** Like {@link #select}, without a complaint about names that do not exist: for adapters made elsewhere. */
  public List<String> matches(Collection<String> paths) {
    return paths.stream().filter(this::matches).toList();
  }

  private boolean matches(String path) {
    boolean named = regex != null ? compile(regex).matcher(path).matches()
        : modules.stream().anyMatch(m -> m.equals(ALL_LINEAR) ? linear(path) : endsWith(path, m));
    return named && exclude.stream().noneMatch(m -> endsWith(path, m)) && inLayers(path);
  }

  private static boolean linear(String path) {
    return !HEADS.contains(path) && !ROUTER.matcher(path).matches();
  }

  private boolean inLayers(String path) {
    if (layers.isEmpty()) {
      return true;
    }
    String list = layersPattern == null ? "[^.]*" : layersPattern;
    Matcher matcher = compile(".*\\." + list + "\\.(\\d{1,6})\\.").matcher(path);
    return matcher.lookingAt() && layers.contains(Integer.valueOf(matcher.group(matcher.groupCount())));
  }

  /** True if {@code name} is the path or its end behind a dot. */
  public static boolean endsWith(String path, String name) {
    return path.equals(name) || path.endsWith("." + name);
  }

  static Pattern compile(String regex) {
    if (regex.length() > MAX_PATTERN) {
      throw new InvalidPlanException(
          "A pattern for module names has " + regex.length() + " characters, at most " + MAX_PATTERN + " are legal.");
    }
    try {
      return Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw new InvalidPlanException("'" + regex + "' is not a regular expression: " + e.getDescription()
          + ". Correct the pattern for module names.", e);
    }
  }

  private static InvalidPlanException unknown(String what, Collection<String> paths) {
    TreeSet<String> ends = new TreeSet<>();
    paths.forEach(path -> ends.add(path.substring(path.lastIndexOf('.') + 1)));
    return new InvalidPlanException(what + ". Projections that can take LoRA: " + String.join(", ", ends)
        + ". Use names from that list, full paths, or \"all-linear\".");
  }
}
