package io.swiftjvm.backend;

import io.swiftjvm.backend.ascend.AscendProvider;
import io.swiftjvm.backend.cpu.CpuBackend;
import io.swiftjvm.backend.cpu.CpuProvider;
import io.swiftjvm.backend.cuda.CudaProvider;
import io.swiftjvm.backend.nd4j.Nd4jProvider;
import io.swiftjvm.error.DeviceException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * Finds and opens devices: those of the library and those of every {@link BackendProvider} on the class path. Every
 * call
 * makes a backend of its own, to be closed by the caller; a process may hold several.
 *
 * {@snippet :
 * try (Backend backend = Devices.auto()) {
 *   System.out.println(backend.description());
 * }
 * Devices.report().forEach(device -> System.out.println(device.device() + ": " + device.summary()));
 * }
 */
public final class Devices {
  /** What {@link #auto} tries, best first; other kinds are opened by name only. */
  private static final List<String> ORDER = List.of("cuda", "npu", "mps", "cpu");
  private static final List<BackendProvider> BUILT_IN =
      List.of(new CudaProvider(), new AscendProvider(), new CpuProvider(), new Nd4jProvider());
  private static final String AUTO = "auto";
  private static final System.Logger LOG = System.getLogger(Devices.class.getName());

  private Devices() {}

  /**
   * What {@link #auto} would open.
   *
   * @param device the device
   * @param skipped the better ones that are not there, with their reasons
   */
  public record Choice(DeviceInfo device, List<DeviceInfo> skipped) {}

  /** The host processor with all its cores, or {@code SWIFT_THREADS} of them. */
  public static Backend cpu() {
    return new CpuBackend();
  }

  /**
   * The host processor.
   *
   * @param threads most threads a kernel may use, 1 or more
   */
  public static Backend cpu(int threads) {
    return new CpuBackend(threads);
  }

  /**
   * The first of cuda, npu, mps, cpu that is there and starts; never throws for want of a device. What was skipped and
   * why is logged, and told by {@link #choice}.
   */
  public static Backend auto() {
    for (String kind : ORDER) {
      for (DeviceInfo info : devices(kind)) {
        if (!info.available()) {
          LOG.log(System.Logger.Level.DEBUG, "{0} skipped: {1}", info.device(), info.reason());
          continue;
        }
        try {
          return provider(kind).orElseThrow().open(info.index());
        } catch (DeviceException e) {
          LOG.log(System.Logger.Level.WARNING, "{0} skipped: {1}", info.device(), e.getMessage());
        }
      }
    }
    return cpu();
  }

  /** What {@link #auto} would open now. */
  public static Choice choice() {
    List<DeviceInfo> skipped = new ArrayList<>();
    for (String kind : ORDER) {
      for (DeviceInfo info : devices(kind)) {
        if (info.available()) {
          return new Choice(info, List.copyOf(skipped));
        }
        skipped.add(info);
      }
    }
    throw new AssertionError("the host processor is always there");
  }

  /**
   * A device by name.
   *
   * @param name auto, or a kind of {@link #kinds}, optionally with an index: {@code cuda}, {@code cuda:1}; or several of
   *     these with commas between them, of which the first that is there and starts is taken: {@code cuda:1,cuda:0,cpu}
   * @throws DeviceException if none is there: with the reason and what to do
   */
  public static Backend open(String name) {
    List<String> names = names(name);
    List<String> reasons = new ArrayList<>();
    for (String each : names) {
      try {
        return each.equals(AUTO) ? auto() : require(each).open(device(each).index());
      } catch (DeviceException e) {
        if (names.size() == 1) {
          throw e;
        }
        LOG.log(System.Logger.Level.INFO, "{0} skipped: {1}", each, e.getMessage());
        reasons.add(e.getMessage());
      }
    }
    throw new DeviceException("Of the devices '" + name + "' none is there. " + String.join(" ", reasons)
        + " End the list with cpu to always have one.");
  }

  /**
   * What {@link #open} would open, or nothing if none of these is there.
   *
   * @throws DeviceException if a name is none of a device
   */
  public static Optional<Choice> choice(String name) {
    List<DeviceInfo> skipped = new ArrayList<>();
    for (String each : names(name)) {
      if (each.equals(AUTO)) {
        Choice choice = choice();
        skipped.addAll(choice.skipped());
        return Optional.of(new Choice(choice.device(), List.copyOf(skipped)));
      }
      Device wanted = device(each);
      for (DeviceInfo info : devices(wanted.kind())) {
        if (info.available() && info.device().equals(wanted)) {
          return Optional.of(new Choice(info, List.copyOf(skipped)));
        }
        if (!info.available()) {
          skipped.add(info);
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The names in a list with commas, each auto or a device, whether it is there or not.
   *
   * @throws DeviceException if one is none of a device
   */
  public static List<String> names(String list) {
    List<String> names = Stream.of(list.split(",", -1)).map(String::strip).toList();
    names.stream().filter(name -> !name.equals(AUTO)).forEach(Devices::device);
    return names;
  }

  /**
   * What is known about a device by name.
   *
   * @throws DeviceException if it is not there: with the reason and what to do
   */
  public static DeviceInfo info(String name) {
    Device device = device(name);
    require(name);
    return devices(device.kind()).stream().filter(d -> d.index() == device.index()).findFirst().orElseThrow();
  }

  private static BackendProvider require(String name) {
    Device device = device(name);
    List<DeviceInfo> found = devices(device.kind());
    if (found.stream().anyMatch(d -> d.available() && d.index() == device.index())) {
      return provider(device.kind()).orElseThrow();
    }
    DeviceInfo first = found.getFirst();
    throw new DeviceException("Device '" + name + "' was asked for, but " + (first.available()
        ? "there are " + found.size() + " of this kind: " + found.stream().map(d -> d.device().toString()).toList()
            + ". Use one of them."
        : first.reason() + ". " + first.cure()));
  }

  /**
   * A device's name in its parts, whether the device is there or not.
   *
   * @throws DeviceException if no such kind is known, or the index is no number
   */
  public static Device device(String name) {
    int colon = name.indexOf(':');
    String kind = colon < 0 ? name : name.substring(0, colon);
    String index = colon < 0 ? "0" : name.substring(colon + 1);
    if (!kinds().contains(kind) || !index.matches("\\d{1,4}")) {
      throw new DeviceException("Device '" + name + "' was asked for, known are auto, " + String.join(", ", kinds())
          + (kinds().contains(kind) ? ", each with an index as in " + kind + ":0" : "") + ". Use one of them.");
    }
    return new Device(kind, Integer.parseInt(index));
  }

  /** All kinds that can be asked for: those that {@link #auto} tries in their order, then the others. */
  public static List<String> kinds() {
    return Stream.concat(ORDER.stream(), providers().stream().map(BackendProvider::kind)).distinct().toList();
  }

  /** Every device, and for each kind that is not there the reason and the cure, in the order of {@link #kinds}. */
  public static List<DeviceInfo> report() {
    return kinds().stream().flatMap(kind -> devices(kind).stream()).toList();
  }

  /** Every device of a kind, or the reason why there is none; other kinds are not looked for. */
  public static List<DeviceInfo> devices(String kind) {
    return provider(kind).map(BackendProvider::devices).orElseGet(() -> List.of(DeviceInfo.absent(kind,
        "this version has no kernels for Metal", "Use cpu (on macOS its products are those of Accelerate), or auto.")));
  }

  private static Optional<BackendProvider> provider(String kind) {
    return providers().stream().filter(p -> p.kind().equals(kind)).findFirst();
  }

  private static List<BackendProvider> providers() {
    List<BackendProvider> all = new ArrayList<>(BUILT_IN);
    Iterator<BackendProvider> found =
        ServiceLoader.load(BackendProvider.class, BackendProvider.class.getClassLoader()).iterator();
    while (true) {
      try {
        if (!found.hasNext()) {
          return all;
        }
        all.add(found.next());
      } catch (ServiceConfigurationError e) {
        // A broken extension must not take the other devices away.
        LOG.log(System.Logger.Level.WARNING, "a device provider is left out: {0}", e.getMessage());
      }
    }
  }
}
