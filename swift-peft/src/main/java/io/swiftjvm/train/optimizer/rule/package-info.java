/** What each optimizer does to one parameter. */
@NullMarked
package io.swiftjvm.train.optimizer.rule;

import org.jspecify.annotations.NullMarked;
