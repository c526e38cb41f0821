/** Tuners: what of a model is trained, and the adapter files that keep it. */
@NullMarked
package io.swiftjvm.tuner;

import org.jspecify.annotations.NullMarked;
