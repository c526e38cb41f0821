package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Paths that a hub names: none may lead out of the repository's folder, on any operating system. */
final class RemotePaths {
  static final int MAX_FILES = 10_000;
  static final long MAX_BYTES = 16L << 40;
  private static final int MAX_LENGTH = 1024;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_NAME = 255;

  private RemotePaths() {}

  /** Refuses a listing that is too long or too large, or has a path that is unsafe or given twice. */
  static Listing check(Listing listing) {
    if (listing.files().size() > MAX_FILES) {
      throw refused("it lists " + listing.files().size() + " files, over " + MAX_FILES);
    }
    Set<String> seen = new HashSet<>();
    long bytes = 0;
    for (RemoteFile file : listing.files()) {
      check(file.path());
      // Folders of some systems take two spellings for one file.
      if (!seen.add(file.path().toLowerCase(Locale.ROOT))) {
        throw refused("it lists '" + Shown.of(file.path()) + "' twice");
      }
      if (file.size() < 0 || file.size() > MAX_BYTES) {
        throw refused("it gives '" + Shown.of(file.path()) + "' " + file.size() + " bytes");
      }
      bytes += file.size();
      if (bytes > MAX_BYTES) {
        throw refused("its files are over " + MAX_BYTES + " bytes together");
      }
    }
    return listing;
  }

  /** Refuses a path that is absolute, climbs, or holds a backslash, a colon or a control character. */
  static void check(String path) {
    List<String> names = List.of(path.split("/", -1));
    boolean plain = path.length() <= MAX_LENGTH && names.size() <= MAX_DEPTH
        && path.chars().noneMatch(c -> c == '\\' || c == ':' || c < ' ' || c == 0x7f)
        && StandardCharsets.UTF_8.newEncoder().canEncode(path)
        && names.stream().noneMatch(n -> n.isBlank() || n.equals(".") || n.equals("..") || n.length() > MAX_NAME);
    if (!plain) {
      throw refused("it names the file '" + Shown.of(path) + "', which is no safe relative path");
    }
  }

  /** The file {@code path} under {@code root}. */
  static Path under(Path root, String path) {
    check(path);
    try {
      Path file = root.resolve(path).normalize();
      if (file.startsWith(root.normalize()) && !file.equals(root.normalize())) {
        return file;
      }
    } catch (InvalidPathException e) {
      throw new HubException(HubException.Reason.REFUSED, "This system cannot name the file '" + Shown.of(path)
          + "'. Choose another repository.", e);
    }
    throw refused("it names the file '" + Shown.of(path) + "', which leads out of the folder");
  }

  /** {@code path} for an address, its slashes kept. */
  static String encode(String path) {
    return Arrays.stream(path.split("/", -1)).map(RemotePaths::encodeName).collect(Collectors.joining("/"));
  }

  /** {@code name} for an address, its slashes encoded too. */
  static String encodeName(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static HubException refused(String found) {
    return new HubException(HubException.Reason.REFUSED, "Refused the repository's listing: " + found
        + ". Do not trust this repository or mirror; choose another one.");
  }
}
