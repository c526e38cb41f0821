/** The typed refusals of the library: each says what was asked, what was found and what to do; and how several errors are one. */
@NullMarked
package io.swiftjvm.error;

import org.jspecify.annotations.NullMarked;
