package io.swiftjvm.serve;

import io.swiftjvm.error.InvalidPlanException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What is reached without a key: this machine, and by its own names, so that no web page gets in by a DNS trick. */
final class LocalHosts {
  private final Set<String> names;

  LocalHosts(String host) {
    names = new HashSet<>(List.of("localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"));
    names.add(plain(host));
  }

  /** The address of a host; one that other machines reach needs a key. */
  static InetAddress address(String host, boolean keys) {
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new InvalidPlanException("host is '" + host + "', which is no address. Use 127.0.0.1 or another address of "
          + "this machine.", e);
    }
    if (!keys && !address.isLoopbackAddress()) {
      throw new InvalidPlanException("host is '" + host + "', which other machines reach, but there is no API key. Set "
          + "one with apiKeys(...) or --api_key, or listen at 127.0.0.1.");
    }
    return address;
  }

  void check(Exchange exchange) {
    List<String> hosts = exchange.headers("Host");
    if (hosts.size() > 1 || (hosts.size() == 1 && !names.contains(plain(hosts.getFirst())))) {
      throw ApiException.forbidden("This server has no key and answers only to names of this machine.");
    }
  }

  /** A host without its port and brackets. */
  private static String plain(String host) {
    String lower = host.strip().toLowerCase(Locale.ROOT);
    if (lower.startsWith("[")) {
      int end = lower.indexOf(']');
      return end < 0 ? lower : lower.substring(1, end);
    }
    int colon = lower.indexOf(':');
    return colon >= 0 && colon == lower.lastIndexOf(':') ? lower.substring(0, colon) : lower;
  }
}
