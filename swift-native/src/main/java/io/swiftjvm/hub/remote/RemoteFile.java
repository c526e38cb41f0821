package io.swiftjvm.hub.remote;

import org.jspecify.annotations.Nullable;

/**
 * A file of a repository as the hub announces it.
 *
 * @param path relative path, checked by {@link RemotePaths}
 * @param size bytes
 * @param sha256 of the content, in hex; null when the hub gives none
 * @param gitSha1 git's hash of the content as a blob, in hex; null when the hub gives none
 */
record RemoteFile(String path, long size, @Nullable String sha256, @Nullable String gitSha1) {
  /** The name of the content in the Hugging Face cache: what the hub sends as ETag; null when unknown. */
  @Nullable String blob() {
    return sha256 != null ? sha256 : gitSha1;
  }
}
