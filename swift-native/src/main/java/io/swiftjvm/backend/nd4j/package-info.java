/** Computing on ND4J, and its arrays as tensors and back. ND4J is an optional dependency. */
@NullMarked
package io.swiftjvm.backend.nd4j;

import org.jspecify.annotations.NullMarked;
