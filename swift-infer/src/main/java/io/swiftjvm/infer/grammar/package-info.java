/**
 * Answers in a given form: JSON schemas, regular expressions, choices and grammars, compiled to the tokens that may
 * come next. The machine reads bytes: rules are deterministic automata, calls between rules use a stack.
 */
@NullMarked
package io.swiftjvm.infer.grammar;

import org.jspecify.annotations.NullMarked;
