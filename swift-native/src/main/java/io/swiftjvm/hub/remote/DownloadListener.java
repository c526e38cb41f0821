package io.swiftjvm.hub.remote;

/**
 * Told about a download, from several threads but one at a time. What it throws ends the download.
 *
 * {@snippet :
 * DownloadListener bar = event -> {
 *   if (event instanceof DownloadEvent.Progress p) {
 *     show(p.file(), p.done(), p.total());
 *   }
 * };
 * }
 */
@FunctionalInterface
public interface DownloadListener {
  /** Hears nothing. */
  DownloadListener NONE = event -> {};

  /** Takes one event; it should return soon. */
  void onEvent(DownloadEvent event);
}
