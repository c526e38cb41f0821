package io.swiftjvm.text;

/** A token that is found in the text before the model sees it. */
record AddedToken(int id, String content, boolean special) {}
