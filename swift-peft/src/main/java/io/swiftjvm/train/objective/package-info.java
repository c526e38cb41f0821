/** Losses that a trainer can minimise. */
@NullMarked
package io.swiftjvm.train.objective;

import org.jspecify.annotations.NullMarked;
