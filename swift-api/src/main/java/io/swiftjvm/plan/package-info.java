/** What a plan consists of, and its flat form under ms-swift's argument names in JSON, YAML and on the command line. */
@NullMarked
package io.swiftjvm.plan;

import org.jspecify.annotations.NullMarked;
