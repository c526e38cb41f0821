package io.swiftjvm.cli;

import io.swiftjvm.error.SwiftException;
import io.swiftjvm.plan.Argument;
import io.swiftjvm.plan.Arguments;
import io.swiftjvm.plan.Nearest;
import io.swiftjvm.plan.PlanFiles;
import io.swiftjvm.plan.Settings;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Parses a command line and runs its command. Flags are the plan's argument names with two dashes, {@code -} and
 * {@code _}
 * alike. Exit codes: 0 done, 2 usage, 3 a typed refusal (one message, no stack trace), 1 a bug.
 */
public final class Cli {
  private static final String CONFIG = "config";
  private static final Pattern FLAG = Pattern.compile("(--[A-Za-z][\\w-]*)(|=.*)", Pattern.DOTALL);

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, Command> commands = new LinkedHashMap<>();

  public Cli(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
    for (Command command : Commands.all()) {
      commands.put(command.name(), command);
    }
  }

  /** Runs one command line and returns its exit code. */
  public int run(String... args) {
    try {
      return dispatch(args);
    } catch (UsageException e) {
      err.println("swift: " + e.getMessage());
      return 2;
    } catch (InvalidPathException e) {
      err.println("swift: no path: " + e.getMessage());
      return 2;
    } catch (SwiftException e) {
      err.println("swift: " + e.getMessage());
      return 3;
    } catch (RuntimeException | Error e) {
      err.println("swift: this is a bug in Swift for the JVM, please report it:");
      e.printStackTrace(err);
      return 1;
    }
  }

  private int dispatch(String[] args) {
    if (args.length == 0 || args[0].equals("--help") || args[0].equals("-h") || args[0].equals("help")) {
      help();
      return args.length == 0 ? 2 : 0;
    }
    Command command = commands.get(args[0]);
    if (command == null) {
      throw new UsageException(
          "there is no command '" + args[0] + "'." + Nearest.hint(args[0], commands.keySet()) + " Commands: "
              + String.join(", ", commands.keySet()));
    }
    CommandLine line = new CommandLine(spec(command));
    ParseResult parsed;
    try {
      parsed = line.parseArgs(Arrays.stream(args).skip(1).map(arg -> known(arg, line, command)).toArray(String[]::new));
    } catch (UnmatchedArgumentException e) {
      throw unknown(e.getUnmatched().getFirst(), command);
    } catch (CommandLine.ParameterException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
    if (parsed.isUsageHelpRequested()) {
      line.usage(out);
      return 0;
    }
    return command.run(call(command, parsed));
  }

  /** The argument, a flag as its option spells it; else a mistyped flag would be a value of the flag before it. */
  private String known(String arg, CommandLine line, Command command) {
    Matcher flag = FLAG.matcher(arg);
    if (!flag.matches() || line.getCommandSpec().optionsMap().containsKey(flag.group(1))) {
      return arg;
    }
    String name = "--" + flag.group(1).substring(2).replace('-', '_');
    if (!line.getCommandSpec().optionsMap().containsKey(name)) {
      throw unknown(arg, command);
    }
    return name + flag.group(2);
  }

  private UsageException unknown(String arg, Command command) {
    String name = arg.replaceFirst("^-+", "").replaceFirst("(?s)=.*", "").replace('-', '_');
    return new UsageException(
        "unknown flag '" + arg + "' for swift " + command.name() + "." + Nearest.hint(name, names(command), "--"));
  }

  private Call call(Command command, ParseResult parsed) {
    Map<String, Object> given = new LinkedHashMap<>();
    Map<String, String> flags = new LinkedHashMap<>();
    Map<String, @Nullable Object> merged = new LinkedHashMap<>();
    for (OptionSpec option : parsed.matchedOptionsSet()) {
      String name = option.longestName().substring(2).replace('-', '_');
      String[] words = option.getValue();
      if (name.equals(CONFIG)) {
        merged.putAll(PlanFiles.read(Path.of(words[0])));
      } else if (Arguments.find(name).isPresent()) {
        Object value = words.length == 0 ? "true" : words.length == 1 ? words[0] : List.of(words);
        given.put(Arguments.find(name).orElseThrow().name(), value);
      } else {
        flags.put(name, words.length == 0 ? "" : String.join(" ", words));
      }
    }
    merged = new LinkedHashMap<>(Arguments.canonical(merged));
    merged.putAll(given);
    for (Command.Flag flag : command.flags()) {
      for (String name : List.of(flag.name(), flag.name().replace('_', '-'))) {
        if (merged.containsKey(name) && Arguments.find(name).isEmpty()) {
          flags.putIfAbsent(flag.name(), String.valueOf(merged.remove(name)));
        }
      }
    }
    Settings settings = Arguments.apply(Settings.DEFAULT, merged);
    return new Call(out, err, settings, new ArrayList<>(merged.keySet()), flags);
  }

  private static CommandSpec spec(Command command) {
    CommandSpec spec = CommandSpec.create().name("swift " + command.name());
    spec.usageMessage().description(command.summary()).customSynopsis("swift " + command.name() + " [--flag VALUE]...")
        .sortOptions(false);
    spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).type(boolean.class).arity("0")
        .description("Shows this help.").build());
    spec.addOption(option(List.of(CONFIG), "1", "A .yaml or .json file with the same names; flags win over it."));
    Set<String> own = new LinkedHashSet<>();
    for (Command.Flag flag : command.flags()) {
      own.add(flag.name());
      spec.addOption(option(List.of(flag.name()), flag.takesValue() ? "1" : "0..1", flag.help()));
    }
    for (Argument argument : Arguments.all()) {
      if (!own.contains(argument.name())) {
        List<String> names = new ArrayList<>(List.of(argument.name()));
        names.addAll(argument.aliases());
        names.removeAll(own);
        spec.addOption(option(names, arity(argument.kind()), argument.help() + Arguments.defaultText(argument)));
      }
    }
    return spec;
  }

  private static String arity(Argument.Kind kind) {
    return switch (kind) {
      case SWITCH -> "0..1";
      case TEXTS -> "1..*";
      case TEXT, INTEGER, NUMBER, MAP -> "1";
    };
  }

  private static OptionSpec option(List<String> names, String arity, String help) {
    Set<String> spellings = new LinkedHashSet<>();
    for (String name : names) {
      spellings.add("--" + name);
      spellings.add("--" + name.replace('_', '-'));
    }
    return OptionSpec.builder(spellings.toArray(String[]::new)).type(String[].class).arity(arity)
        .paramLabel("VALUE").description(help.replace("%", "%%")).build();
  }

  private Set<String> names(Command command) {
    Set<String> names = new LinkedHashSet<>();
    command.flags().forEach(f -> names.add(f.name()));
    Arguments.all().forEach(a -> {
      names.add(a.name());
      names.addAll(a.aliases());
    });
    names.add(CONFIG);
    return names;
  }

  private void help() {
    out.println("swift COMMAND [--flag value ...]     fine-tuning and inference of language models on the JVM");
    out.println();
    commands.values().forEach(c -> out.printf("  %-9s %s%n", c.name(), c.summary()));
    out.println();
    out.println("Flags carry ms-swift's names; 'swift COMMAND --help' lists them. --config plan.yaml takes the same names.");
  }
}
