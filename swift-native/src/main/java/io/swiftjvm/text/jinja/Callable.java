package io.swiftjvm.text.jinja;

/** A value that a template can call: a macro, a global function, a method bound to its object. */
@FunctionalInterface
interface Callable {
  Object call(Run run, Arguments arguments);
}
