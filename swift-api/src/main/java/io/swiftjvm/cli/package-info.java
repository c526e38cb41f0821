/** The command line, with ms-swift's commands and flag names. */
@NullMarked
package io.swiftjvm.cli;

import org.jspecify.annotations.NullMarked;
