/** Models served over HTTP as the OpenAI API, embedded in any program. */
@NullMarked
package io.swiftjvm.serve;

import org.jspecify.annotations.NullMarked;
