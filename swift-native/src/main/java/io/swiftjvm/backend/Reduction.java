package io.swiftjvm.backend;

/** Reductions along one dimension, always in the same order. */
public enum Reduction { SUM, MAX }
