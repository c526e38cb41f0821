package io.swiftjvm.hub.remote;

import java.nio.file.Path;
import java.time.Duration;

/** What a download tells its {@link DownloadListener}. Sizes are bytes. */
public sealed interface DownloadEvent {
  /** The files are known. */
  record Started(String repository, String revision, int files, long bytes) implements DownloadEvent {}

  /** A file is on the disk already and is not fetched. */
  record Reused(String file, long bytes) implements DownloadEvent {}

  /** More of a file has come; {@code done} counts what an earlier run left. */
  record Progress(String file, long done, long total) implements DownloadEvent {}

  /** Something failed and is tried again after {@code pause}. */
  record Retried(String what, int attempt, Duration pause, String reason) implements DownloadEvent {}

  /** A file is whole and its size and hash are right. */
  record Completed(String file, long bytes) implements DownloadEvent {}

  /** Everything is there. */
  record Finished(Path folder) implements DownloadEvent {}
}
