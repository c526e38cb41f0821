/** How families of models write tools, calls and results, and how calls are read back from what a model wrote. */
@NullMarked
package io.swiftjvm.data.tools;

import org.jspecify.annotations.NullMarked;
