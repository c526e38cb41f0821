/** From files to rows of messages. */
@NullMarked
package io.swiftjvm.data.rows;

import org.jspecify.annotations.NullMarked;
