package io.swiftjvm.hub.remote;

import io.swiftjvm.error.HubException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A repository on a hub: {@code [hf::|ms::]ORG/NAME[@REVISION][:SUBFOLDER]}.
 *
 * {@snippet :
 * HubId id = HubId.parse("hf::Qwen/Qwen3-0.6B@refs/pr/1:onnx").orElseThrow();
 * id.repository(); // Qwen/Qwen3-0.6B
 * }
 *
 * @param hub the hub that a prefix named; null leaves the choice to USE_HF
 * @param repository {@code ORG/NAME}; {@code NAME} alone only after {@code hf::}
 * @param revision branch, tag or commit; null = the hub's default
 * @param subfolder the folder of config.json inside the repository; null = its root
 */
public record HubId(
    @Nullable HubKind hub, String repository, @Nullable String revision, @Nullable String subfolder) {
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}";
  private static final Pattern ID = Pattern.compile(
      "(?:(hf|ms)::)?(" + NAME + "(?:/" + NAME + ")?)(?:@([^:]{1,256}))?(?::([^:]{1,256}))?");
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,127}");
  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9._-]{1,100}(/[A-Za-z0-9._-]{1,100}){0,7}");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  public HubId {
    check("revision", revision, REVISION);
    check("sub-folder", subfolder, FOLDER);
  }

  private static void check(String what, @Nullable String value, Pattern allowed) {
    if (value != null && (!allowed.matcher(value).matches() || escapes(value))) {
      throw new HubException(HubException.Reason.REFUSED, "The " + what + " '" + Shown.of(value)
          + "' is not one. Use letters, digits, '.', '_', '-' and '/', without '..'.");
    }
  }

  private static boolean escapes(String value) {
    String path = "/" + value + "/";
    return path.contains("//") || path.contains("/./") || path.contains("/../");
  }

  /**
   * The id in {@code text}, or empty when it does not have the form of one; {@link HubException} when its revision or
   * sub-folder is unsafe.
   */
  public static Optional<HubId> parse(String text) {
    Matcher matcher = ID.matcher(text);
    if (!matcher.matches() || matcher.group(2).contains("..")) {
      return Optional.empty();
    }
    String prefix = matcher.group(1);
    HubKind hub = prefix == null ? null : prefix.equals("hf") ? HubKind.HUGGING_FACE : HubKind.MODEL_SCOPE;
    boolean bare = !matcher.group(2).contains("/");
    if (bare && hub != HubKind.HUGGING_FACE) {
      return Optional.empty();
    }
    return Optional.of(new HubId(hub, matcher.group(2), matcher.group(3), matcher.group(4)));
  }

  /** Sets the revision. Default: the hub's own. */
  public HubId revision(@Nullable String revision) {
    return new HubId(hub, repository, revision, subfolder);
  }

  /** The revision on {@code kind}: the one given, or its default. */
  public String revisionOn(HubKind kind) {
    return revision == null ? kind.defaultRevision() : revision;
  }

  /** True for a full commit hash, which needs no look-up. */
  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  @Override
  public String toString() {
    return (hub == null ? "" : hub.prefix() + "::") + repository + (revision == null ? "" : "@" + revision)
        + (subfolder == null ? "" : ":" + subfolder);
  }
}
