package io.swiftjvm.hub.remote;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Compares a file with the size and hash that a hub announced. */
final class Digests {
  private static final int BUFFER = 1 << 16;

  private Digests() {}

  /** What is wrong with {@code file}, or null when size and hash are as announced. */
  static @Nullable String fault(Path file, RemoteFile announced) throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      if (in.size() != announced.size()) {
        return "it has " + in.size() + " bytes, announced are " + announced.size();
      }
      if (announced.sha256() != null) {
        return compare("SHA-256", announced.sha256(), digest(in, digest("SHA-256")));
      }
      if (announced.gitSha1() != null) {
        MessageDigest sha1 = digest("SHA-1");
        sha1.update(("blob " + in.size() + "\0").getBytes(StandardCharsets.UTF_8));
        return compare("git hash", announced.gitSha1(), digest(in, sha1));
      }
      return null;
    }
  }

  /** {@code value} in lower case when it is {@code digits} hex digits, else null. */
  static @Nullable String hex(@Nullable String value, int digits) {
    return value != null && value.matches("[0-9a-fA-F]{" + digits + "}") ? value.toLowerCase(Locale.ROOT) : null;
  }

  private static @Nullable String compare(String name, String wanted, String found) {
    return wanted.equals(found) ? null : "its " + name + " is " + found + ", announced is " + wanted;
  }

  // Through a channel, which an interrupt closes.
  private static String digest(FileChannel in, MessageDigest digest) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    while (in.read(buffer.clear()) >= 0) {
      digest.update(buffer.flip());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java platform has both
    }
  }
}
