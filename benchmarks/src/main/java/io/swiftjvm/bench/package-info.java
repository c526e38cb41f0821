/** Benchmarks and the makers of what they run on. */
@NullMarked
package io.swiftjvm.bench;

import org.jspecify.annotations.NullMarked;
