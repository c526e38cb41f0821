package io.swiftjvm.hub.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hugging Face: {@code /api/models/ID/revision/REV} names the commit and the files, {@code /tree} their sizes and
 * hashes where that answer lacks them, {@code /ID/resolve/COMMIT/PATH} serves them.
 */
final class HuggingFaceProtocol implements HubProtocol {
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");
  private static final int MAX_PAGES = 1000;

  private final JsonAnswers answers;

  HuggingFaceProtocol(JsonAnswers answers) {
    this.answers = answers;
  }

  @Override
  public Listing list(String repository, String revision) throws IOException, InterruptedException {
    String model = "/api/models/" + RemotePaths.encode(repository);
    JsonNode info = answers.get(at(model + "/revision/" + RemotePaths.encodeName(revision) + "?blobs=true")).body();
    String commit = JsonAnswers.hex(info, "sha", 40);
    if (commit == null || !info.path("siblings").isArray()) {
      throw new HubException(HubException.Reason.REFUSED, "The hub's answer for " + repository + " at " + revision
          + " has no sha and siblings. Check the endpoint; it may not be a hub.");
    }
    List<RemoteFile> files = new ArrayList<>();
    boolean complete = true;
    for (JsonNode entry : info.path("siblings")) {
      RemoteFile file = file(entry, JsonAnswers.text(entry, "rfilename"), "blobId");
      if (file != null) {
        files.add(file);
        complete &= file.size() >= 0 && file.blob() != null;
      }
    }
    if (complete) {
      return RemotePaths.check(new Listing(commit, files));
    }
    // Checked already here: the paths go into addresses.
    files.forEach(file -> RemotePaths.check(file.path()));
    return RemotePaths.check(new Listing(commit, detailed(repository, commit, files)));
  }

  private List<RemoteFile> detailed(String repository, String commit, List<RemoteFile> names)
      throws IOException, InterruptedException {
    try {
      return tree(at("/api/models/" + RemotePaths.encode(repository) + "/tree/" + commit + "?recursive=true"));
    } catch (HubException e) {
      if (e.reason() != HubException.Reason.NOT_FOUND) {
        throw e;
      }
    }
    List<RemoteFile> files = new ArrayList<>();
    for (RemoteFile name : names) {
      files.add(probe(address(repository, commit, name), name.path()));
    }
    return files;
  }

  private List<RemoteFile> tree(URI first) throws IOException, InterruptedException {
    List<RemoteFile> files = new ArrayList<>();
    Optional<URI> page = Optional.of(first);
    for (int pages = 0; page.isPresent(); pages++) {
      if (pages == MAX_PAGES || files.size() > RemotePaths.MAX_FILES) {
        throw RemotePaths.refused("it goes on after " + pages + " pages with " + files.size() + " files");
      }
      JsonAnswers.Page answer = answers.get(page.get());
      for (JsonNode entry : answer.body()) {
        RemoteFile file = file(entry, JsonAnswers.text(entry, "path"), "oid");
        if (file != null && !"directory".equals(JsonAnswers.text(entry, "type"))) {
          files.add(file);
        }
      }
      page = answer.link().flatMap(this::next);
    }
    return files;
  }

  private Optional<URI> next(String link) {
    Matcher matcher = NEXT.matcher(link);
    if (!matcher.find()) {
      return Optional.empty();
    }
    URI uri = at("/").resolve(matcher.group(1));
    if (!answers.http().hub().owns(uri)) {
      throw RemotePaths.refused("its next page is on another host, " + Shown.of(String.valueOf(uri.getHost())));
    }
    return Optional.of(uri);
  }

  private static @Nullable RemoteFile file(JsonNode entry, @Nullable String path, String git) {
    if (path == null) {
      return null;
    }
    JsonNode lfs = entry.path("lfs");
    long size = lfs.isObject() ? JsonAnswers.number(lfs, "size") : JsonAnswers.number(entry, "size");
    // The two answers call the same hash differently.
    String named = JsonAnswers.hex(lfs, "sha256", 64);
    String sha256 = named == null ? JsonAnswers.hex(lfs, "oid", 64) : named;
    // Of an LFS file git knows only the pointer.
    return new RemoteFile(path, size, sha256, lfs.isObject() ? null : JsonAnswers.hex(entry, git, 40));
  }

  private RemoteFile probe(URI uri, String path) throws IOException, InterruptedException {
    return answers.retry().call(path, () -> {
      try (HubResponse response = answers.http().head(uri)) {
        String etag = PartRequest.strip(
            response.hubHeader("X-Linked-Etag").or(() -> response.hubHeader("ETag")).orElse(""));
        long size = response.hubHeader("X-Linked-Size").or(() -> response.hubHeader("Content-Length"))
            .filter(text -> text.matches("\\d{1,18}")).map(Long::parseLong).orElse(-1L);
        RemoteFile file = new RemoteFile(path, size, Digests.hex(etag, 64), Digests.hex(etag, 40));
        if (size < 0 || file.blob() == null) {
          throw new RetryableException("no size or no hash is announced", Duration.ZERO);
        }
        return file;
      }
    });
  }

  @Override
  public URI address(String repository, String commit, RemoteFile file) {
    return at("/" + RemotePaths.encode(repository) + "/resolve/" + commit + "/" + RemotePaths.encode(file.path()));
  }

  private URI at(String path) {
    return answers.http().hub().at(path);
  }
}
