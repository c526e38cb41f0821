package io.swiftjvm.backend;

import java.util.stream.Stream;

/** What all parts of {@link BackendContract} need. */
public interface Contract {
  /** Fresh backends, the reference first; each test closes them. */
  Stream<Backend> backends();

  /** By how much the tolerances are wider than those of the cpu's kernels. */
  default double slack() {
    return 1;
  }

  default void check(double tolerance, Agreement.Case what) {
    check(tolerance, 0, what);
  }

  default void check(double tolerance, double floor, Agreement.Case what) {
    Agreement.check(backends(), tolerance * slack(), floor, what);
  }
}
