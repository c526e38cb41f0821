/** Training checkpoints: written whole or not at all, verified when read. */
@NullMarked
package io.swiftjvm.train.checkpoint;

import org.jspecify.annotations.NullMarked;
