/**
 * Models of a {@link io.swiftjvm.Run} as LangChain4j's interfaces, in process. {@code dev.langchain4j:langchain4j-core}
 * is optional: an application that uses these classes brings it.
 */
@org.jspecify.annotations.NullMarked
package io.swiftjvm.langchain4j;
