package io.swiftjvm.bench.kernel;

/**
 * One kernel on tensors of one shape.
 *
 * @param operations float operations of a call
 * @param bytes bytes of operands and results
 * @param body the call
 */
record Work(double operations, double bytes, Runnable body) {}
