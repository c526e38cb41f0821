package io.swiftjvm.hub.remote;

import io.swiftjvm.error.CancelledException;
import io.swiftjvm.error.HubException;
import io.swiftjvm.error.HubException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fetches a repository into the cache folder of its hub's library, and only what is not there yet.
 *
 * {@snippet :
 * HubEndpoint hub = HubEndpoint.of(HubKind.HUGGING_FACE, "https://huggingface.co", Optional.empty(), cache);
 * Path folder = new HubDownloader(hub, TransferSettings.DEFAULT, DownloadListener.NONE)
 *     .download(HubId.parse("Qwen/Qwen3-0.6B").orElseThrow());
 * }
 *
 * <p>The folder appears when every file has the announced size and hash. What a failed, killed or interrupted download
 * has fetched is kept as {@code .incomplete} files and continued by the next one. May be used from any thread; threads
 * and processes that want the same repository wait for each other.
 */
public final class HubDownloader {
  private final HubEndpoint hub;
  private final TransferSettings settings;
  private final DownloadListener listener;
  private final boolean weights;

  /** A downloader from {@code hub} which tells {@code listener}. */
  public HubDownloader(HubEndpoint hub, TransferSettings settings, DownloadListener listener) {
    this(hub, settings, oneAtATime(listener), true);
  }

  private HubDownloader(HubEndpoint hub, TransferSettings settings, DownloadListener listener, boolean weights) {
    this.hub = hub;
    this.settings = settings;
    this.listener = listener;
    this.weights = weights;
  }

  private static DownloadListener oneAtATime(DownloadListener listener) {
    Object turn = new Object();
    return event -> {
      synchronized (turn) {
        listener.onEvent(event);
      }
    };
  }

  /** Leaves weights on the hub when {@code weights} is false: enough to judge a model. Default: true. */
  public HubDownloader weights(boolean weights) {
    return new HubDownloader(hub, settings, listener, weights);
  }

  /**
   * The folder of {@code id}, complete.
   *
   * @throws HubException when it cannot be; {@link HubException#reason()} tells why
   * @throws CancelledException when the thread was interrupted, within a moment; its interrupt flag stays set
   */
  public Path download(HubId id) {
    if (id.hub() != null && id.hub() != hub.kind()) {
      throw new IllegalArgumentException(id + " is not on " + hub);
    }
    CacheLayout layout = CacheLayout.of(hub, id);
    try (HubHttp http = new HubHttp(hub, settings);
        HubLock lock = HubLock.take(layout.lock())) {
      return fetch(id, layout, http);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw cancelled(id, e);
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw cancelled(id, e);
      }
      throw PartRequest.storage(hub.cache().toString(), e);
    }
  }

  private Path fetch(HubId id, CacheLayout layout, HubHttp http) throws IOException, InterruptedException {
    HubProtocol protocol = HubProtocol.of(new JsonAnswers(http, new Retry(settings, listener)));
    Listing listing = list(id, protocol);
    listener.onEvent(new DownloadEvent.Started(id.repository(), listing.commit(), listing.files().size(),
        listing.bytes()));
    try {
      files(id, layout, http, protocol, listing);
    } catch (HubException e) {
      // A branch that moved has other hashes now.
      Listing again = e.reason() == Reason.DAMAGED ? list(id, protocol) : listing;
      if (again.equals(listing)) {
        throw e;
      }
      listing = again;
      files(id, layout, http, protocol, listing);
    }
    Path folder = layout.publish(listing);
    listener.onEvent(new DownloadEvent.Finished(folder));
    return folder;
  }

  private Listing list(HubId id, HubProtocol protocol) throws IOException, InterruptedException {
    Listing all = protocol.list(id.repository(), id.revisionOn(hub.kind()));
    Listing wanted = all.files(FileFilter.select(all.files(), id.subfolder(), weights));
    if (wanted.files().isEmpty()) {
      throw new HubException(Reason.NOT_FOUND, "Repository " + id + " has " + all.files().size()
          + " files, none of which is wanted here. Check the sub-folder.");
    }
    return wanted;
  }

  private void files(HubId id, CacheLayout layout, HubHttp http, HubProtocol protocol, Listing listing)
      throws IOException, InterruptedException {
    // Files with the same content share one place in a cache that names by hash.
    Map<Path, RemoteFile> missing = new LinkedHashMap<>();
    for (RemoteFile file : listing.files().stream().sorted(Comparator.comparingLong(RemoteFile::size)).toList()) {
      if (layout.has(file)) {
        listener.onEvent(new DownloadEvent.Reused(file.path(), file.size()));
      } else {
        missing.putIfAbsent(layout.staged(file), file);
      }
    }
    room(missing);
    List<Workers.Task> tasks = new ArrayList<>();
    missing.forEach((target, file) -> tasks.add(() -> new FileDownload(http,
        protocol.address(id.repository(), listing.commit(), file), file, target, settings, listener).run()));
    if (!tasks.isEmpty()) {
      Workers.runAll(tasks, settings.files());
    }
  }

  private void room(Map<Path, RemoteFile> missing) throws IOException {
    long needed = 0;
    for (Map.Entry<Path, RemoteFile> entry : missing.entrySet()) {
      Path part = entry.getKey().resolveSibling(entry.getKey().getFileName() + ".incomplete");
      needed += entry.getValue().size() - (Files.exists(part) ? Files.size(part) : 0);
    }
    long free = Files.getFileStore(Files.createDirectories(hub.cache())).getUsableSpace();
    if (needed > free) {
      throw new HubException(Reason.STORAGE, "The download needs " + needed + " bytes in " + hub.cache()
          + ", which has " + free + " left. Make room, or set another cache with HF_HOME or MODELSCOPE_CACHE.");
    }
  }

  private static CancelledException cancelled(HubId id, Exception cause) {
    return new CancelledException("The download of " + id + " was interrupted. What has come is kept; the next download"
        + " continues it.", cause);
  }
}
