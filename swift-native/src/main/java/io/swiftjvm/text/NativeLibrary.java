package io.swiftjvm.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.swiftjvm.error.TokenizerException;

/**
 * Loads the Rust tokenizers that the DJL jar brings.
 *
 * <p>Where the loader of DJL finds CUDA 12 it <b>downloads</b> another build of the library, on servers that are often
 * offline. The only switch is the system property (or environment variable) {@code RUST_FLAVOR}, read once while the
 * library is loaded. It is set to {@code cpu} for the time of loading, only if the application has not set it, and
 * removed again. DJL's own tokenizer class is not used: it cuts at 512 ids by default and calls home.
 */
final class NativeLibrary {
  private static final String FLAVOR = "RUST_FLAVOR";

  private NativeLibrary() {}

  /** The functions of the library; loads it on first use. */
  static synchronized TokenizersLibrary get() {
    boolean unset = System.getProperty(FLAVOR) == null;
    if (unset) {
      System.setProperty(FLAVOR, "cpu");
    }
    try {
      LibUtils.checkStatus();
      return TokenizersLibrary.LIB;
    } catch (RuntimeException | LinkageError e) {
      throw new TokenizerException("Cannot load the native tokenizers library for "
          + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ": " + e
          + ". Check that ai.djl.huggingface:tokenizers has a build for this platform and that the cache folder (~/"
          + ".djl.ai, or ENGINE_CACHE_DIR) can be written.", e);
    } finally {
      if (unset) {
        System.clearProperty(FLAVOR);
      }
    }
  }
}
