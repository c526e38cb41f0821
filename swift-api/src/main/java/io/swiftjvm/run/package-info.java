/** What executes a plan: loading, training, answering, exporting. */
@NullMarked
package io.swiftjvm.run;

import org.jspecify.annotations.NullMarked;
