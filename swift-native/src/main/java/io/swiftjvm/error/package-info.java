/** The typed refusals of the library: each says what was asked, what was found and what to do. */
@NullMarked
package io.swiftjvm.error;

import org.jspecify.annotations.NullMarked;
