package io.swiftjvm.backend.ascend;

import io.swiftjvm.backend.Backend;
import io.swiftjvm.backend.BackendProvider;
import io.swiftjvm.backend.DeviceInfo;
import io.swiftjvm.error.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** {@code npu}: Ascend cards, where CANN is installed. Verified against a simulator only. */
public final class AscendProvider implements BackendProvider {
  private static final String CURE = "Install Ascend's driver and CANN, and source its set_env.sh.";

  private final String kind;
  private final Supplier<Acl> libraries;

  /** On the libraries of this machine. */
  public AscendProvider() {
    this("npu", Acl::load);
  }

  /**
   * Under another name on other libraries with the same interface, such as a simulator.
   *
   * @param kind the name to ask for
   * @param symbols the functions
   */
  public AscendProvider(String kind, SymbolLookup symbols) {
    this(kind, () -> new Acl(symbols));
  }

  private AscendProvider(String kind, Supplier<Acl> libraries) {
    this.kind = kind;
    this.libraries = libraries;
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public List<DeviceInfo> devices() {
    try {
      return devices(libraries.get());
    } catch (IllegalArgumentException e) {
      return absent("no CANN (" + e.getMessage() + ")");
    } catch (IllegalCallerException e) {
      return List.of(DeviceInfo.absent(kind, "native access is denied", "Allow it with --enable-native-access."));
    } catch (DeviceException e) {
      return absent("CANN does not start: " + e.getMessage());
    }
  }

  private List<DeviceInfo> devices(Acl acl) {
    start(acl);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      acl.call("aclrtGetDeviceCount", "a", count);
      int n = count.get(ValueLayout.JAVA_INT, 0);
      return n == 0 ? absent("CANN is installed but finds no card")
          : IntStream.range(0, n).mapToObj(i -> describe(acl, i)).toList();
    }
  }

  private DeviceInfo describe(Acl acl, int index) {
    acl.call("aclrtSetDevice", "i", index);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sizes = arena.allocate(ValueLayout.JAVA_LONG, 2);
      // 1 = the memory of the card.
      acl.call("aclrtGetMemInfo", "iaa", 1, sizes, sizes.asSlice(8));
      return DeviceInfo.present(kind, index, acl.text("aclrtGetSocName") + " (this backend was run on a simulator only)")
          .memory(sizes.get(ValueLayout.JAVA_LONG, 8), sizes.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  private List<DeviceInfo> absent(String reason) {
    return List.of(DeviceInfo.absent(kind, reason, CURE));
  }

  private static void start(Acl acl) {
    int code = acl.code("aclInit", "a", MemorySegment.NULL);
    if (code != Acl.REPEATED) {
      acl.check("aclInit", code);
    }
  }

  @Override
  public Backend open(int index) {
    try {
      Acl acl = libraries.get();
      start(acl);
      return new AscendBackend(acl, kind, index);
    } catch (IllegalArgumentException e) {
      throw new DeviceException("Device '" + kind + "' was asked for, but there is no CANN (" + e.getMessage() + "). " + CURE, e);
    }
  }
}
