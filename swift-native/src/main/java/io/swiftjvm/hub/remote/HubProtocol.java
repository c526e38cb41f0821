package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.net.URI;

/** How a hub lists and serves files. */
sealed interface HubProtocol permits HuggingFaceProtocol, ModelScopeProtocol {
  /** All files of {@code repository} at {@code revision}, checked. */
  Listing list(String repository, String revision) throws IOException, InterruptedException;

  /** Where {@code file} is served. */
  URI address(String repository, String commit, RemoteFile file);

  /** The protocol of the hub behind {@code answers}. */
  static HubProtocol of(JsonAnswers answers) {
    return switch (answers.http().hub().kind()) {
      case HUGGING_FACE -> new HuggingFaceProtocol(answers);
      case MODEL_SCOPE -> new ModelScopeProtocol(answers);
    };
  }
}
