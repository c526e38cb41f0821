/** The front door: {@link io.swiftjvm.Swift}, the immutable recipe and plan, the live run. */
@NullMarked
package io.swiftjvm;

import org.jspecify.annotations.NullMarked;
