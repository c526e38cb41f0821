package io.swiftjvm.bench.kernel;

/** Makes a kernel's tensors. */
@FunctionalInterface
interface Bench {
  Work with(Inputs inputs);
}
