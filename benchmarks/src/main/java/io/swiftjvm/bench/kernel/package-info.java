/** JMH benchmarks of the kernels, with what the machine can do at most measured in the same run. */
@NullMarked
package io.swiftjvm.bench.kernel;

import org.jspecify.annotations.NullMarked;
