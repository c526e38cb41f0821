package io.swiftjvm.train.objective;

/**
 * A loss that plans can name: {@code --loss_type mine}. Registered as a service, in {@code
 * META-INF/services/io.swiftjvm.train.objective.ObjectiveProvider}. For one that is written in place:
 *
 * {@snippet :
 * plan.train(job -> job.objective(new MyLoss()));
 * }
 */
public interface ObjectiveProvider {
  /** What plans call it. */
  String name();

  /** The loss; its {@link Objective#name} is part of what a continued checkpoint must share. */
  Objective objective();
}
