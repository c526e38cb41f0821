package io.swiftjvm.bench.tiny;

/** One question of the user and the answer of the model. */
record Turn(String question, String answer) {}
