/** Engines outside this JVM, spoken to by the OpenAI API: connecting to one and starting one. */
@NullMarked
package io.swiftjvm.infer.external;

import org.jspecify.annotations.NullMarked;
