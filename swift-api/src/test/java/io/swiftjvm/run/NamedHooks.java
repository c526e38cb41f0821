package io.swiftjvm.run;

import io.swiftjvm.data.Batch;
import io.swiftjvm.model.CausalLm;
import io.swiftjvm.nn.Pass;
import io.swiftjvm.train.Callback;
import io.swiftjvm.train.TrainEvent;
import io.swiftjvm.train.TrainJob;
import io.swiftjvm.train.objective.CausalLmObjective;
import io.swiftjvm.train.objective.Objective;
import io.swiftjvm.train.objective.ObjectiveProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** What an application registers as services: a callback that takes notes and stops at step 3, and a loss. */
final class NamedHooks {
  static final List<String> NOTES = Collections.synchronizedList(new ArrayList<>());

  private NamedHooks() {}

  public static final class Notes implements Callback {
    @Override
    public String name() {
      return "notes";
    }

    @Override
    public Consumer<TrainEvent> start(TrainJob job) {
      return event -> {
        NOTES.add(event.getClass().getSimpleName());
        if (event instanceof TrainEvent.StepEnd end && end.step() == 3) {
          job.cancellation().cancel();
        }
      };
    }
  }

  /** Twice the usual loss. */
  public static final class Doubled implements ObjectiveProvider, Objective {
    @Override
    public String name() {
      return "doubled";
    }

    @Override
    public Objective objective() {
      return this;
    }

    @Override
    public double units(Batch batch) {
      return CausalLmObjective.SFT.units(batch);
    }

    @Override
    public Outcome loss(CausalLm model, Pass pass, Batch batch, double divisor) {
      return CausalLmObjective.SFT.loss(model, pass, batch, divisor / 2);
    }
  }
}
