package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.error.InvalidPlanException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Arguments about what a training saves and what it continues. */
final class CheckpointArguments {
  private static final Pattern URI_FORM = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");

  static final List<Argument> LIST = List.of(
      Argument.of("output_dir", TEXT, "Folder or URI of results; an empty text = nothing is written.",
          s -> s.outputDir() instanceof Path p ? text(p) : "",
          (s, v) -> s.train(t -> t.checkpoint(c -> c.outputDir(v.equals("") ? null : path((String) v))))),
      Argument.of("add_version", SWITCH, "Put the run's files in a folder vN-DATE of their own.",
          Settings::addVersion, (s, v) -> s.addVersion((Boolean) v)),
      Argument.of("save_steps", INTEGER, "Save after every so many steps; 0 = only at the end.",
          s -> s.train().checkpoint().saveSteps(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.saveSteps(toInt("save_steps", v))))),
      Argument.of("save_total_limit", INTEGER, "Keep this many of the newest checkpoints.",
          s -> s.train().checkpoint().totalLimit(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.totalLimit(toInt("save_total_limit", v))))),
      Argument.of("save_only_model", SWITCH, "Leave optimizer state out of checkpoints.",
          s -> s.train().checkpoint().onlyModel(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.onlyModel((Boolean) v)))),
      Argument.of("resume_from_checkpoint", TEXT, "Checkpoint to continue exactly, or a run's folder: its newest whole one.",
          s -> s.train().checkpoint().resumeFrom() instanceof Path p ? text(p) : null,
          (s, v) -> s.train(t -> t.checkpoint(c -> c.resumeFrom(path((String) v))))),
      Argument.of("resume_only_model", SWITCH, "Take only weights and position from it.",
          s -> s.train().checkpoint().resumeOnlyModel(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.resumeOnlyModel((Boolean) v)))),
      Argument.of("ignore_data_skip", SWITCH, "Start at the first batch again.",
          s -> s.train().checkpoint().ignoreDataSkip(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.ignoreDataSkip((Boolean) v)))),
      Argument.of("resume_accept", TEXTS, "Facts of the checkpoint that may differ: data, optimizer, ..., or all.",
          s -> s.train().checkpoint().resumeAccept(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.resumeAccept(strings(v))))),
      Argument.of("metric_for_best_model", TEXT, "The value of the evaluation that tells the best checkpoint.",
          s -> s.train().checkpoint().best().metric(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.best(b -> b.metric((String) v))))),
      Argument.of("greater_is_better", SWITCH, "Direction of that value; unset = true unless it is a loss.",
          s -> s.train().checkpoint().best().greaterIsBetter(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.best(b -> b.greaterIsBetter((Boolean) v))))),
      Argument.of("load_best_model_at_end", SWITCH, "Put the best weights back when the training is done.",
          s -> s.train().checkpoint().best().loadAtEnd(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.best(b -> b.loadAtEnd((Boolean) v))))),
      Argument.of("early_stop_interval", INTEGER, "End after so many saves without a better one; 0 = never.",
          s -> s.train().checkpoint().best().patience(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.best(b -> b.patience(toInt("early_stop_interval", v)))))),
      Argument.of("continue_on_save_error", SWITCH, "A save that fails before the last step is a warning; the next one tries again.",
          s -> s.train().checkpoint().goOn(),
          (s, v) -> s.train(t -> t.checkpoint(c -> c.goOn((Boolean) v)))),
      Argument.of("backup_dir", TEXT, "Folder or URI that every durable checkpoint is copied to.",
          s -> s.train().checkpoint().backup() instanceof Path p ? text(p) : null,
          (s, v) -> s.train(t -> t.checkpoint(c -> c.backup(path((String) v))))));

  private CheckpointArguments() {}

  /** A path of this machine, or of any file system that is installed when the text is a URI. */
  static Path path(String text) {
    if (!URI_FORM.matcher(text).matches() || text.indexOf(':') == 1) {
      return Path.of(text);
    }
    try {
      return Path.of(URI.create(text));
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      throw new InvalidPlanException("'" + text + "' is not a path of any file system that is installed ("
          + e.getMessage() + "). Put its FileSystemProvider on the class path and open it, or name a folder.", e);
    }
  }

  private static String text(Path path) {
    return path.getFileSystem().equals(FileSystems.getDefault()) ? path.toString() : path.toUri().toString();
  }
}
