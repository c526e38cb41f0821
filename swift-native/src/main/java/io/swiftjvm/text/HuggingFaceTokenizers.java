package io.swiftjvm.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.swiftjvm.error.TokenizerException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Loads tokenizers of Hugging Face models: {@code tokenizer.json} with {@code tokenizer_config.json} and
 * {@code special_tokens_map.json} beside it, the latter two optional.
 *
 * {@snippet :
 * try (Tokenizer tokenizer = HuggingFaceTokenizers.load(Path.of("models/qwen3"))) {
 *   System.Logger.Level level = System.Logger.Level.INFO;
 *   System.getLogger("demo").log(level, "{0} tokens", tokenizer.vocabSize());
 * }
 * }
 *
 * @since 0.1
 */
public final class HuggingFaceTokenizers {
  /** Largest file that is read; the largest known ones have about 35 MB. */
  private static final long MAX_BYTES = 256L << 20;

  private static final String FILE = "tokenizer.json";

  private HuggingFaceTokenizers() {}

  /** True if a model folder has a tokenizer that {@link #load} reads. */
  public static boolean isPresent(Path modelDir) {
    return Files.isRegularFile(modelDir.resolve(FILE));
  }

  /**
   * Loads the tokenizer of a model folder.
   *
   * @throws TokenizerException when a file is missing or malformed; the message names the file and the cause
   */
  public static Tokenizer load(Path modelDir) {
    Path file = modelDir.resolve(FILE);
    String json = read(file);
    try {
      Vocabulary vocabulary = Vocabulary.read(json);
      SpecialTokens special = special(vocabulary, TokenizerConfig.read(modelDir));
      return new HuggingFaceTokenizer(json, vocabulary, special, new NativeTokenizer(json));
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      String place = at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
      throw refusal(file, e.getOriginalMessage() + place, e);
    } catch (TokenizerException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw refusal(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static String read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new TokenizerException("Cannot load a tokenizer from " + file + ": there is no such file. The model folder "
          + "must hold a tokenizer.json; models with only a SentencePiece file (tokenizer.model) must be converted.");
    }
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new TokenizerException("Cannot load a tokenizer from " + file + ": it has " + size + " bytes, more than "
            + MAX_BYTES + ".");
      }
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw refusal(file, "it is not valid UTF-8", e);
    } catch (IOException e) {
      throw refusal(file, e.toString(), e);
    }
  }

  private static TokenizerException refusal(Path file, String cause, Throwable why) {
    return new TokenizerException("Cannot load a tokenizer from " + file + ": " + cause
        + ". Repair the file or download it again.", why);
  }

  private static SpecialTokens special(Vocabulary vocabulary, TokenizerConfig config) {
    Set<Integer> all = new HashSet<>();
    vocabulary.added().stream().filter(AddedToken::special).forEach(token -> all.add(token.id()));
    for (String token : config.declaredSpecial()) {
      Integer id = vocabulary.ids().get(token);
      if (id != null) {
        all.add(id);
      }
    }
    return new SpecialTokens(id(vocabulary, config, "bos_token"), id(vocabulary, config, "eos_token"),
        id(vocabulary, config, "pad_token"), id(vocabulary, config, "unk_token"), all,
        config.token("bos_token"), config.token("eos_token"));
  }

  private static OptionalInt id(Vocabulary vocabulary, TokenizerConfig config, String name) {
    Integer id = config.token(name).map(vocabulary.ids()::get).orElse(null);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
