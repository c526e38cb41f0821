package io.swiftjvm.data.rows;

import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation.
 *
 * @param role system, user, assistant, tool_call, tool_response or tool
 * @param content a text, a list of token ids, or plain JSON data
 * @param loss whether to train it, against the strategy; null = as the strategy says
 * @param lossScale its loss factor; null = 1
 */
public record Message(String role, Object content, @Nullable Boolean loss, @Nullable Double lossScale) {}
