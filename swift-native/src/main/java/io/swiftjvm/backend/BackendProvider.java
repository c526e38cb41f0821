package io.swiftjvm.backend;

import io.swiftjvm.error.DeviceException;
import java.util.List;

/**
 * A kind of device that {@link Devices} can find and open. Those of the library are built in; others are found through
 * {@link java.util.ServiceLoader} and opened by name:
 *
 * {@snippet :
 * // META-INF/services/io.swiftjvm.backend.BackendProvider names a class like this one
 * public final class AcmeProvider implements BackendProvider {
 *   public String kind() { return "acme"; }
 *   public List<DeviceInfo> devices() { return List.of(DeviceInfo.present("acme", 0, "Acme board")); }
 *   public Backend open(int index) { return new AcmeBackend(index); }
 * }
 * }
 */
public interface BackendProvider {
  /** The name to ask for: lower case, no colon. */
  String kind();

  /**
   * The devices of this kind, or one {@link DeviceInfo#absent} that says why there is none. Never empty, never throws,
   * changes nothing; it may load a driver's library.
   */
  List<DeviceInfo> devices();

  /**
   * Opens a device; the caller closes it.
   *
   * @param index from 0
   * @throws DeviceException if it is not there or does not start, with what to do
   */
  Backend open(int index);
}
