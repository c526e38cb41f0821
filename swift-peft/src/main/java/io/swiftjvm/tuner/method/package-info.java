/**
 * Tuning methods beside LoRA, one file each, in the files of PEFT. {@link io.swiftjvm.tuner.method.TunerTransform}
 * makes a fresh adapter of a {@link io.swiftjvm.tuner.method.TunerSpec},
 * {@link io.swiftjvm.tuner.method.TunerFiles} reads and writes one, {@link io.swiftjvm.tuner.method.TunerAdapter} is
 * the handle.
 *
 * <p>A new method of projections is one record that implements {@link io.swiftjvm.tuner.method.ProjectionSpec}: in
 * {@code at} it asks the site for its tensors, which come from a file or start fresh, and returns a
 * {@code LinearTuner}: what is added to the weight ({@code Delta}), what is added to the answer ({@code Path}), how the
 * input is turned ({@code Input}), or its own arithmetic. Merging, files, checks, training and several adapters at a
 * time follow from that.
 */
@NullMarked
package io.swiftjvm.tuner.method;

import org.jspecify.annotations.NullMarked;
