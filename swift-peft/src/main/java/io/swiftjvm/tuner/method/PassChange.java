package io.swiftjvm.tuner.method;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.nn.Pass;

/** What has to happen to a pass before it runs under an adapter. */
interface PassChange {
  /** The pass over packed rows that uses the adapter. */
  Pass pass(Pass pass, int[] ids, int[] positions, int[] cuSeqlens);

  /** Brings what will be saved up to date. */
  default void updated(Backend backend) {}
}
