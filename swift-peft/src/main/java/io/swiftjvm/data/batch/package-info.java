/** From encoded rows to packs and batches. */
@NullMarked
package io.swiftjvm.data.batch;

import org.jspecify.annotations.NullMarked;
