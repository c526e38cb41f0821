package io.swiftjvm.train.optimizer.rule;

import io.swiftjvm.backend.Backend;
import java.util.List;

/** The arithmetic of an optimizer on one parameter. It holds settings only: everything that changes is in the state. */
public interface Rule {
  /** What is kept for a parameter of this shape, in a fixed order. */
  List<StateSpec> state(long[] shape);

  /** Moves the parameter and its state by one step. */
  void update(Backend backend, Move move);
}
