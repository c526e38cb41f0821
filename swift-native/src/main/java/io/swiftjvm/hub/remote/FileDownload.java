package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** One file, from nothing or from what an earlier run left, to a whole and verified one at its place. */
final class FileDownload {
  private static final long REPORT_EVERY = 1 << 20;

  private final HubHttp http;
  private final URI uri;
  private final RemoteFile file;
  private final Path target;
  private final TransferSettings settings;
  private final DownloadListener listener;
  private final Retry retry;
  private final AtomicLong reported = new AtomicLong();
  private int most;

  FileDownload(HubHttp http, URI uri, RemoteFile file, Path target, TransferSettings settings,
      DownloadListener listener) {
    this.http = http;
    this.uri = uri;
    this.file = file;
    this.target = target;
    this.settings = settings;
    this.listener = listener;
    this.most = settings.parts();
    this.retry = new Retry(settings, listener);
  }

  void run() throws IOException, InterruptedException {
    Path folder = Renames.folderOf(target);
    Path data = folder.resolve(target.getFileName() + ".incomplete");
    for (int restart = 1; ; restart++) {
      try {
        PartFile parts = fetch(data);
        String fault = Digests.fault(data, file);
        if (fault != null) {
          throw new RestartException(fault);
        }
        Renames.replace(data, target);
        parts.forget();
        listener.onEvent(new DownloadEvent.Completed(file.path(), file.size()));
        return;
      } catch (RestartException e) {
        PartFile.discard(data);
        reported.set(0);
        // Each part is one more answer that may be wrong.
        most = e.rangesIgnored() ? 1 : Math.max(1, most / 2);
        if (restart > settings.restarts()) {
          throw damaged(e);
        }
        retry.pause(file.path(), restart, e);
      }
    }
  }

  private PartFile fetch(Path data) throws IOException, InterruptedException {
    PartFile parts = PartFile.open(data, file.size(), count(), file.blob() != null);
    PartRequest request = new PartRequest(http, uri, file, parts, () -> report(parts.done()));
    List<Workers.Task> tasks = parts.parts().stream().filter(part -> !part.isWhole())
        .map(part -> (Workers.Task) () -> retry.call(file.path(), part::done, () -> {
          request.fetch(part);
          return part;
        })).toList();
    if (!tasks.isEmpty()) {
      Workers.runAll(tasks, settings.parts());
    }
    force(data);
    return parts;
  }

  private int count() {
    return Math.clamp(file.size() / settings.partBytes(), 1, most);
  }

  private void report(long done) {
    long before = reported.get();
    if ((done - before >= REPORT_EVERY || done == file.size()) && reported.compareAndSet(before, done)) {
      listener.onEvent(new DownloadEvent.Progress(file.path(), done, file.size()));
    }
  }

  // Makes an empty file too, for which there was nothing to ask.
  private static void force(Path data) throws IOException {
    try (FileChannel out = FileChannel.open(data, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.force(true);
    }
  }

  private HubException damaged(RestartException e) {
    return new HubException(HubException.Reason.DAMAGED, "Cannot fetch " + file.path() + ": it came "
        + (settings.restarts() + 1) + " times and was wrong each time; the last time " + e.getMessage()
        + ". Nothing of it was kept. Try again later or choose another mirror.", e);
  }

  /** True when {@code path} has the announced size and hash. */
  static boolean matches(Path path, RemoteFile file) throws IOException {
    return Files.isRegularFile(path) && Files.size(path) == file.size() && Digests.fault(path, file) == null;
  }
}
