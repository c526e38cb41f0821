package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One request for what is missing of one part, and the checks of its answer before a byte is kept. */
final class PartRequest {
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");
  private static final int BUFFER = 1 << 16;

  private final HubHttp http;
  private final URI uri;
  private final RemoteFile file;
  private final PartFile target;
  private final Runnable progress;

  PartRequest(HubHttp http, URI uri, RemoteFile file, PartFile target, Runnable progress) {
    this.http = http;
    this.uri = uri;
    this.file = file;
    this.target = target;
    this.progress = progress;
  }

  void fetch(PartFile.Part part) throws IOException, InterruptedException {
    long from = part.start + part.done();
    boolean ranged = from > 0 || part.end < file.size();
    Map<String, String> headers = new HashMap<>();
    if (ranged) {
      headers.put("Range", "bytes=" + from + "-" + (part.end - 1));
      String etag = target.etag();
      if (etag != null) {
        headers.put("If-Range", etag);
      }
    }
    try (HubResponse response = http.get(uri, headers)) {
      announced(response);
      String etag = response.header("ETag").orElse("");
      if (ranged && response.status() == 200) {
        boolean same = target.etag() == null || etag.isEmpty() || etag.equals(target.etag());
        throw new RestartException(same ? "the hub sends the whole file instead of a part"
            : "the file changed on the hub", same);
      }
      place(response, from, part);
      target.agree(etag);
      copy(response, part);
    } finally {
      if (part.done() > 0) {
        target.save();
      }
    }
  }

  /** The hub's own headers, which come also with a redirect to a storage host. */
  private void announced(HubResponse response) throws RestartException {
    String etag = strip(response.hubHeader("X-Linked-Etag").or(() -> response.hubHeader("ETag")).orElse(""));
    String blob = file.blob();
    boolean comparable = blob != null && Digests.hex(etag, blob.length()) != null;
    if (http.hub().kind() == HubKind.HUGGING_FACE && comparable && !etag.equalsIgnoreCase(blob)) {
      throw new RestartException("the file changed on the hub: its hash was " + blob + ", now it is " + etag);
    }
    String size = response.hubHeader("X-Linked-Size").orElse("");
    if (!size.isEmpty() && !size.equals(Long.toString(file.size()))) {
      throw new RestartException("the hub now gives it " + Shown.of(size) + " bytes, listed were " + file.size());
    }
  }

  private void place(HubResponse response, long from, PartFile.Part part) throws RestartException {
    long wanted = part.end - from;
    switch (response.status()) {
      case 200 -> { }
      case 206 -> {
        Matcher range = CONTENT_RANGE.matcher(response.header("Content-Range").orElse(""));
        if (!range.matches() || Long.parseLong(range.group(1)) != from || Long.parseLong(range.group(2)) >= part.end
            || !(range.group(3).equals("*") || Long.parseLong(range.group(3)) == file.size())) {
          throw new RestartException("the hub sent another part than bytes " + from + " to " + part.end + " of "
              + file.size() + ": " + Shown.of(response.header("Content-Range").orElse("no Content-Range")));
        }
        return;
      }
      default -> throw new RestartException("the hub answered " + response.status() + " to a request for a part");
    }
    long length = response.length().orElse(wanted);
    if (length != wanted) {
      throw new RestartException("the hub sends " + length + " bytes, listed were " + wanted);
    }
  }

  private void copy(HubResponse response, PartFile.Part part) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (FileChannel out = open()) {
      while (true) {
        int read = response.read(buffer);
        if (read < 0) {
          break;
        }
        if (read > part.end - part.start - part.done()) {
          throw new RestartException("the hub sends more bytes than announced");
        }
        write(out, ByteBuffer.wrap(buffer, 0, read), part.start + part.done());
        target.advance(part, read);
        progress.run();
      }
    }
    if (!part.isWhole()) {
      throw new IOException("the connection ended " + (part.end - part.start - part.done()) + " bytes early");
    }
  }

  private FileChannel open() throws IOException {
    try {
      return FileChannel.open(target.data(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw storage(target.data().toString(), e);
    }
  }

  private void write(FileChannel out, ByteBuffer bytes, long position) throws IOException {
    try {
      for (long at = position; bytes.hasRemaining(); ) {
        at += out.write(bytes, at);
      }
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw storage(target.data().toString(), e);
    }
  }

  static HubException storage(String path, IOException e) {
    return new HubException(HubException.Reason.STORAGE, "Cannot write " + path + ": " + e
        + ". Check rights and free space, or set another cache with HF_HOME or MODELSCOPE_CACHE.", e);
  }

  /** An ETag without weakness mark and quotes. */
  static String strip(String etag) {
    return etag.replaceFirst("^W/", "").replace("\"", "");
  }
}
