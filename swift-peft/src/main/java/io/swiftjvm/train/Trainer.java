package io.swiftjvm.train;

import io.swiftjvm.data.Batch;
import io.swiftjvm.error.CheckpointException;
import io.swiftjvm.error.Closing;
import io.swiftjvm.error.MemoryException;
import io.swiftjvm.error.TrainingException;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Parameter;
import io.swiftjvm.train.optimizer.OptimSpec;
import io.swiftjvm.train.optimizer.Optimizer;
import io.swiftjvm.train.optimizer.ParamGroups;
import io.swiftjvm.train.optimizer.RuleOptimizer;
import io.swiftjvm.train.optimizer.Schedule;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The loop: batches, gradients, clip, update, save. One per job, used by one thread. */
final class Trainer implements AutoCloseable {
  private final TrainJob job;
  private final TrainSpec spec;
  private final StepRunner runner;
  private final Optimizer optimizer;
  private final Schedule schedule;
  private final TrainingSaves saves;
  private final int total;
  private final long started = System.nanoTime();
  private double lastLoss = Double.NaN;
  private TrainEvent.@Nullable Evaluated evaluated;
  private long tokens;
  private int dropped;
  private boolean interrupted;

  Trainer(TrainJob job) {
    this.job = job;
    spec = job.spec();
    total = job.data().steps();
    double peak = spec.optim().rate(job.weights().full());
    job.weights().begin(0); // what does not learn at first needs no state
    schedule = spec.schedule().schedule(peak, total);
    optimizer = RuleOptimizer.of(job.weights().model().backend(), spec.optim(),
        ParamGroups.of(job.weights().parameters(), spec.optim(), job.weights().loraPlusRatio()));
    runner = new StepRunner(job);
    saves = new TrainingSaves(job, optimizer, runner.scaler(), peak);
  }

  TrainResult run() {
    int start = saves.resume();
    int dataShift = spec.checkpoint().ignoreDataSkip() ? start : 0;
    job.listener().accept(new TrainEvent.Started(start, total, size(true), size(false), job.weights().describe()));
    int step = start;
    boolean stopped = cancelled() && step < total;
    double training = 0;
    try {
      while (step < total && !stopped && !saves.stale()) {
        long before = System.nanoTime();
        TrainingRecording.Step recorded = new TrainingRecording.Step();
        recorded.begin();
        StepRunner.Found found;
        double norm;
        try (CausalLm.Use _ = job.weights().model().use()) {
          begin(step);
          found = accumulated(step, step > start, job.data().step(step - dataShift));
          norm = update(step, found);
        }
        double seconds = (System.nanoTime() - before) / 1e9;
        training += seconds;
        step++;
        recorded.end(report(step, found, norm, seconds, training / (step - start) * (total - step)));
        stopped = cancelled() && step < total;
        if (!stopped) {
          evaluate(step, spec.evalSteps());
          saveOrGoOn(step, step == total || every(step, spec.checkpoint().saveSteps()));
          if (saves.stale() && step < total) {
            job.listener().accept(new TrainEvent.Warning(step, "stopped early: " + spec.checkpoint().best().patience()
                + " saves without a better " + spec.checkpoint().best().metric() + " (early_stop_interval)"));
          }
        }
      }
      return stopped ? cancelledAt(step, step > start) : finishedAt(step);
    } catch (RuntimeException e) {
      failedAt(step, e);
      throw e;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void begin(int step) {
    if (job.weights().begin(step)) {
      optimizer.keepTrainable();
    }
  }

  /** The gradients of a step; if memory is used up, what was learnt before is saved. */
  private StepRunner.Found accumulated(int step, boolean moved, List<Batch> batches) {
    try {
      return runner.accumulate(step, batches);
    } catch (MemoryException e) {
      runner.clear();
      save(step, moved);
      throw e;
    }
  }

  private double update(int step, StepRunner.Found found) {
    double norm = runner.norm();
    try {
      if (found.units() <= 0) {
        drop(step, "no token of the step has a label");
      } else if (Double.isFinite(found.loss()) && !Double.isFinite(norm) && runner.scaler().overflowed()) {
        drop(step, "gradients overflowed, the loss scale is " + runner.scaler().scale() + " now");
      } else if (!Double.isFinite(found.loss()) || !Double.isFinite(norm)) {
        String facts = "loss " + found.loss() + ", gradient norm " + norm + ", " + runner.firstBad();
        if (spec.nonFinite() == NonFinite.STOP) {
          throw new TrainingException("Step " + (step + 1) + " is not finite: " + facts + ". The weights are those of "
              + "the step before. Lower the learning rate, look at the data, or choose NonFinite.SKIP.");
        }
        drop(step, "not finite: " + facts);
      } else {
        OptimSpec optim = spec.optim();
        float clip = StepRunner.clip(norm, optim.maxGradNorm()) / runner.scaler().scale();
        optimizer.step(runner.gradients(), schedule.rate(step), clip);
        job.weights().updated(step + 1, total, runner.gradients(), clip);
        runner.scaler().stepped();
      }
      return norm;
    } finally {
      runner.clear();
    }
  }

  private void drop(int step, String reason) {
    dropped++;
    job.listener().accept(new TrainEvent.Dropped(step + 1, reason, dropped));
  }

  private TrainEvent.StepEnd report(int step, StepRunner.Found found, double norm, double seconds, double eta) {
    tokens += found.tokens();
    lastLoss = found.loss();
    TrainEvent.Channels channels = runner.channels().take(step);
    if (channels != null) {
      job.listener().accept(channels);
    }
    TrainEvent.StepEnd end = new TrainEvent.StepEnd(step, total, found.loss(), norm, schedule.rate(step - 1),
        job.data().epoch(step - 1), found.tokens(), found.units(), found.tokens() / seconds,
        ProcessMemory.resident(), eta);
    job.listener().accept(end);
    return end;
  }

  private void evaluate(int step, int interval) {
    if (!job.validation().isEmpty() && (step == total || every(step, interval))) {
      TrainingRecording.Evaluation recorded = new TrainingRecording.Evaluation();
      recorded.begin();
      TrainEvent.Evaluated result = runner.evaluate(step, job.validation());
      recorded.end(result);
      evaluated = result;
      job.listener().accept(result);
    }
  }

  /** Saves; where the plan says so, a save that fails is told and the training goes on with what it has learnt. */
  private void saveOrGoOn(int step, boolean due) {
    try {
      save(step, due);
    } catch (CheckpointException | UncheckedIOException e) {
      if (step == total || !spec.checkpoint().goOn()) {
        throw e;
      }
      job.listener().accept(new TrainEvent.Warning(step, "not saved, the training goes on: " + e.getMessage()));
    }
  }

  private void save(int step, boolean due) {
    if (!due || !saves.enabled() || saves.savedAt() == step) {
      return;
    }
    String bad = runner.firstBadWeight();
    if (bad != null) {
      throw new TrainingException("Step " + step + " is not saved: the trained parameter " + bad + " is not finite. "
          + "Earlier checkpoints are untouched. Lower the learning rate.");
    }
    // An interrupted thread cannot write through a file channel; the wish to stop is remembered and honoured later.
    interrupted |= Thread.interrupted();
    var result = evaluated;
    var fresh = result != null && result.step() == step ? result : null;
    TrainingRecording.Save recorded = new TrainingRecording.Save();
    recorded.begin();
    Path folder;
    try {
      folder = saves.save(step, tokens, dropped, fresh);
    } catch (RuntimeException e) {
      if (!Thread.interrupted()) {
        throw e;
      }
      interrupted = true;
      folder = saves.save(step, tokens, dropped, fresh);
    }
    recorded.end(step, folder);
    job.listener().accept(new TrainEvent.Saved(step, folder));
    String problem = saves.backUp();
    if (problem != null) {
      job.listener().accept(new TrainEvent.Warning(step, problem));
    }
  }

  private boolean cancelled() {
    interrupted |= Thread.interrupted();
    return interrupted || job.cancellation().isCancelled();
  }

  private TrainResult cancelledAt(int step, boolean moved) {
    save(step, moved);
    job.listener().accept(new TrainEvent.Cancelled(step, saves.last()));
    return result(step, true);
  }

  private void failedAt(int step, RuntimeException e) {
    try {
      job.listener().accept(new TrainEvent.Failed(step, String.valueOf(e.getMessage())));
    } catch (RuntimeException second) {
      e.addSuppressed(second);
    }
  }

  private TrainResult finishedAt(int step) {
    saves.loadBest();
    TrainResult result = result(step, false);
    job.listener().accept(new TrainEvent.Finished(step, result));
    return result;
  }

  private TrainResult result(int step, boolean cancelled) {
    double evalLoss = evaluated == null ? Double.NaN : evaluated.loss();
    return new TrainResult(step, cancelled, lastLoss, evalLoss, tokens, dropped, (System.nanoTime() - started) / 1e9,
        saves.last(), saves.best(), saves.bestMetric());
  }

  private long size(boolean trained) {
    var parameters = trained ? job.weights().parameters() : job.weights().model().parameters();
    return parameters.stream().mapToLong((Parameter p) -> p.value().size()).sum();
  }

  private static boolean every(int step, int interval) {
    return interval > 0 && step % interval == 0;
  }

  @Override
  public void close() {
    Closing.all(runner, optimizer);
  }
}
