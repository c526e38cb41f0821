package io.swiftjvm.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules of the house that a compiler does not keep: arrows point down, packages stay whole, rooms stay small. */
class HouseTest {
  private static final List<String> FLOORS =
      List.of("swift-native", "swift-quant", "swift-peft", "swift-parallel", "swift-infer", "swift-api");
  private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?(io\\.swiftjvm[\\w.]*);");

  private static Path root() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(at.resolve("swift-native"))) {
      at = at.getParent();
    }
    return at;
  }

  private static List<Path> sources(String folder, String ending) throws IOException {
    Path at = root().resolve(folder);
    if (!Files.isDirectory(at)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(at)) {
      return files.filter(f -> f.toString().endsWith(ending)).toList();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String packageOf(String floor, Path file) {
    Path folder = root().resolve(floor + "/src/main/java").relativize(file).getParent();
    return folder.toString().replace('/', '.');
  }

  @Test
  void no_package_is_split_over_two_floors() throws IOException {
    Map<String, String> owner = new HashMap<>();
    for (String floor : FLOORS) {
      for (Path file : sources(floor + "/src/main/java", ".java")) {
        String name = packageOf(floor, file);
        assertThat(owner.putIfAbsent(name, floor)).as("floor of package " + name).isIn(null, floor);
      }
    }
    assertThat(owner).containsKeys("io.swiftjvm", "io.swiftjvm.tensor", "io.swiftjvm.tuner", "io.swiftjvm.infer");
  }

  @Test
  void imports_point_down_the_tower() throws IOException {
    Map<String, Integer> height = new HashMap<>();
    for (String floor : FLOORS) {
      for (Path file : sources(floor + "/src/main/java", ".java")) {
        height.put(packageOf(floor, file), FLOORS.indexOf(floor));
      }
    }
    List<String> upward = new ArrayList<>();
    for (String floor : FLOORS) {
      for (Path file : sources(floor + "/src/main/java", ".java")) {
        Matcher matcher = IMPORT.matcher(text(file));
        while (matcher.find()) {
          String imported = matcher.group(1);
          height.keySet().stream().filter(p -> imported.matches(Pattern.quote(p) + "\\.[A-Z].*")).findFirst()
              .filter(p -> height.getOrDefault(p, 0) > FLOORS.indexOf(floor))
              .ifPresent(p -> upward.add(file + " imports " + imported));
        }
      }
    }
    assertThat(upward).isEmpty();
  }

  @Test
  void files_are_small_rooms() throws IOException {
    List<String> large = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    for (String floor : Stream.concat(FLOORS.stream(), Stream.of("benchmarks")).toList()) {
      for (String ending : List.of(".java", ".c", ".h", ".inc", ".cu")) {
        for (Path file : sources(floor + "/src", ending)) {
          int lines = (int) text(file).lines().count();
          lengths.add(lines);
          if (lines > 800) {
            large.add(file + " " + lines);
          }
        }
      }
    }
    assertThat(large).isEmpty();
    assertThat(lengths.stream().sorted().toList().get(lengths.size() / 2)).as("median length").isLessThan(130);
  }

  @Test
  void the_library_prints_nothing_and_never_exits_outside_the_command_line() throws IOException {
    Pattern forbidden = Pattern.compile("System\\.(out|err|exit|getenv)\\b|printStackTrace\\(\\)|Runtime\\.getRuntime\\(\\)\\.exec");
    Set<String> found = new TreeSet<>();
    for (String floor : FLOORS) {
      for (Path file : sources(floor + "/src/main/java", ".java")) {
        boolean allowed = file.endsWith("cli/Main.java") || file.endsWith("hub/Environment.java");
        String code = text(file).lines().filter(line -> !line.strip().startsWith("*")).collect(Collectors.joining("\n"));
        if (!allowed && forbidden.matcher(code).find()) {
          found.add(file.toString());
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void only_backends_look_at_the_memory_of_tensors() throws IOException {
    // A segment exists on the host alone: what asks for one does not run on an accelerator.
    Pattern look = Pattern.compile("\\.segment\\(\\)|\\.host\\(\\)\\.");
    for (String floor : FLOORS) {
      for (Path file : sources(floor + "/src/main/java", ".java")) {
        boolean backend = packageOf(floor, file).startsWith("io.swiftjvm.backend");
        assertThat(!backend && look.matcher(text(file)).find()).as(file.toString()).isFalse();
      }
    }
  }

  @Test
  void the_top_level_is_exactly_as_agreed() throws IOException {
    Set<String> allowed = new TreeSet<>(FLOORS);
    allowed.addAll(List.of("README.md", "benchmarks", "pom.xml", "LICENSE", "NOTICE", "target"));
    try (Stream<Path> entries = Files.list(root())) {
      assertThat(entries.map(p -> p.getFileName().toString()).filter(n -> !n.startsWith("."))).isSubsetOf(allowed);
    }
  }
}
