package io.swiftjvm.hub.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** ModelScope: {@code /api/v1/models/ID/repo/files} lists, {@code /api/v1/models/ID/repo} serves. */
final class ModelScopeProtocol implements HubProtocol {
  private final JsonAnswers answers;

  ModelScopeProtocol(JsonAnswers answers) {
    this.answers = answers;
  }

  @Override
  public Listing list(String repository, String revision) throws IOException, InterruptedException {
    URI uri = at(repository, "/repo/files?Revision=" + RemotePaths.encodeName(revision) + "&Recursive=true");
    JsonNode body = answers.retry().call(uri.getPath(), () -> {
      JsonNode answer = answers.get(uri).body();
      // Failures come with status 200 and a code of their own.
      long code = JsonAnswers.number(answer, "Code");
      if (code == 429 || (code >= 500 && code < 600)) {
        throw new RetryableException("code " + code, Duration.ZERO);
      }
      return answer;
    });
    if (!body.path("Data").path("Files").isArray()) {
      throw new HubException(HubException.Reason.NOT_FOUND, "ModelScope lists no files of " + repository + " at "
          + revision + ": " + Shown.of(String.valueOf(JsonAnswers.text(body, "Message")))
          + ". Check the id, or name the other hub with hf::ORG/NAME.");
    }
    List<RemoteFile> files = new ArrayList<>();
    for (JsonNode entry : body.path("Data").path("Files")) {
      String path = JsonAnswers.text(entry, "Path");
      if (path != null && !"tree".equals(JsonAnswers.text(entry, "Type"))) {
        files.add(new RemoteFile(path, JsonAnswers.number(entry, "Size"), JsonAnswers.hex(entry, "Sha256", 64), null));
      }
    }
    return RemotePaths.check(new Listing(revision, files));
  }

  @Override
  public URI address(String repository, String commit, RemoteFile file) {
    return at(repository, "/repo?Revision=" + RemotePaths.encodeName(commit) + "&FilePath="
        + RemotePaths.encodeName(file.path()));
  }

  private URI at(String repository, String rest) {
    return answers.http().hub().at("/api/v1/models/" + RemotePaths.encode(repository) + rest);
  }
}
