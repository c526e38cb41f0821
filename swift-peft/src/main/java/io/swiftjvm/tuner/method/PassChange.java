package io.swiftjvm.tuner.method;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.Pass;

/** What has to happen to a pass before it runs under an adapter. */
interface PassChange {
  /** The pass over packed rows that uses the adapter. */
  Pass pass(Pass pass, int[] ids, int[] positions, int[] cuSeqlens);

  /** The pass over texts with a cache; ids from {@code first} on stand for what the adapter puts before a text. */
  default Pass continued(Pass pass, int[] ids, int[] positions, int first) {
    return pass(pass, ids, positions, new int[0]);
  }

  /** Brings what will be saved up to date. */
  default void updated(Backend backend) {}
}
