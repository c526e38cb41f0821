package io.swiftjvm.hub.remote;

/** The two hubs. */
public enum HubKind {
  /** huggingface.co or a mirror of it; its default revision is {@code main}. */
  HUGGING_FACE("hf", "main"),
  /** modelscope.cn or a mirror of it; its default revision is {@code master}. */
  MODEL_SCOPE("ms", "master");

  private final String prefix;
  private final String defaultRevision;

  HubKind(String prefix, String defaultRevision) {
    this.prefix = prefix;
    this.defaultRevision = defaultRevision;
  }

  /** What stands before {@code ::} in a model argument: hf or ms. */
  public String prefix() {
    return prefix;
  }

  /** The revision that is meant when none is given. */
  public String defaultRevision() {
    return defaultRevision;
  }
}
