/** Where a plan runs and what memory it needs there. */
@NullMarked
package io.swiftjvm.parallel;

import org.jspecify.annotations.NullMarked;
