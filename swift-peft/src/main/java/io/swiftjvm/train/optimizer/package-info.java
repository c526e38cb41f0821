/** Optimizers and learning-rate schedules. */
@NullMarked
package io.swiftjvm.train.optimizer;

import org.jspecify.annotations.NullMarked;
