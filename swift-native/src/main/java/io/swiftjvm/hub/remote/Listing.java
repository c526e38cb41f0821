package io.swiftjvm.hub.remote;

import java.util.List;

/**
 * The files of a repository at one commit.
 *
 * @param commit what the revision stands for; on ModelScope the revision itself
 * @param files all files, in the hub's order
 */
record Listing(String commit, List<RemoteFile> files) {
  Listing {
    files = List.copyOf(files);
  }

  Listing files(List<RemoteFile> files) {
    return new Listing(commit, files);
  }

  long bytes() {
    return files.stream().mapToLong(RemoteFile::size).sum();
  }
}
