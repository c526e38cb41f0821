package io.swiftjvm.train;

import java.util.function.Consumer;

/**
 * A listener of trainings that plans can name: {@code --callbacks mine}. Registered as a service, in {@code
 * META-INF/services/io.swiftjvm.train.Callback}. For one that is written in place a lambda will do:
 *
 * {@snippet :
 * plan.train(event -> show(event), new CancellationToken());
 * }
 */
public interface Callback {
  /** What plans call it. */
  String name();

  /**
   * The listener of one training, told everything on its thread; what it throws ends the training.
   *
   * @param job the training; its {@link TrainJob#cancellation} stops it
   */
  Consumer<TrainEvent> start(TrainJob job);
}
