package io.swiftjvm.hub;

import io.swiftjvm.hub.remote.DownloadListener;
import io.swiftjvm.hub.remote.HubKind;
import io.swiftjvm.hub.remote.TransferSettings;
import org.jspecify.annotations.Nullable;

/**
 * How repositories are fetched from a hub.
 *
 * @param defaultHub the hub of ids without a prefix; null asks the environment (USE_HF)
 * @param revision branch, tag or commit of ids that name none; null = the hub's default
 * @param offline whether nothing is downloaded, in addition to what the environment says
 * @param weights whether weights are fetched, or only the files around them
 * @param transfer parts, retries, waits
 * @param listener is told about downloads
 */
public record HubOptions(
    @Nullable HubKind defaultHub, @Nullable String revision, boolean offline, boolean weights,
    TransferSettings transfer, DownloadListener listener) {
  /** Everything as the environment and the hubs have it; nobody is told. */
  public static final HubOptions DEFAULT =
      new HubOptions(null, null, false, true, TransferSettings.DEFAULT, DownloadListener.NONE);

  /** Sets the hub of ids without a prefix. Default: ModelScope, or Hugging Face with USE_HF=1. */
  public HubOptions defaultHub(@Nullable HubKind hub) {
    return new HubOptions(hub, revision, offline, weights, transfer, listener);
  }

  /** Sets the revision of ids that name none. Default: main on Hugging Face, master on ModelScope. */
  public HubOptions revision(@Nullable String revision) {
    return new HubOptions(defaultHub, revision, offline, weights, transfer, listener);
  }

  /** Forbids downloads. Default: false. */
  public HubOptions offline(boolean offline) {
    return new HubOptions(defaultHub, revision, offline, weights, transfer, listener);
  }

  /** Leaves weights on the hub when false. Default: true. */
  public HubOptions weights(boolean weights) {
    return new HubOptions(defaultHub, revision, offline, weights, transfer, listener);
  }

  /** Sets parts, retries and waits. Default: {@link TransferSettings#DEFAULT}. */
  public HubOptions transfer(TransferSettings transfer) {
    return new HubOptions(defaultHub, revision, offline, weights, transfer, listener);
  }

  /** Sets who is told. Default: nobody. */
  public HubOptions listener(DownloadListener listener) {
    return new HubOptions(defaultHub, revision, offline, weights, transfer, listener);
  }
}
