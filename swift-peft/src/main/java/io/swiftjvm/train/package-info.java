/** The trainer: settings, steps, progress events, cancellation. */
@NullMarked
package io.swiftjvm.train;

import org.jspecify.annotations.NullMarked;
