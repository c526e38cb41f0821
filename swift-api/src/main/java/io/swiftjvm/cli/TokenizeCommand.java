package io.swiftjvm.cli;

import io.swiftjvm.error.TokenizerException;
import io.swiftjvm.hub.ModelSource;
import io.swiftjvm.run.LoadedModel;
import io.swiftjvm.text.Encoding;
import io.swiftjvm.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code swift tokenize}: ids, tokens and offsets of a text, one line of JSON. */
final class TokenizeCommand implements Command {
  @Override
  public String name() {
    return "tokenize";
  }

  @Override
  public String summary() {
    return "Prints token ids, tokens and offsets (code points) of a text as JSON.";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.value("text", "the text"),
        Flag.value("file", "a UTF-8 file with the text"),
        new Flag("add_special_tokens", false, "what the tokenizer adds around a text, such as bos; default true"));
  }

  @Override
  public int run(Call call) {
    String text = call.flag("text").orElseGet(() -> read(Path.of(call.required("file"))));
    boolean special = call.flag("add_special_tokens").isEmpty() || call.on("add_special_tokens");
    try (ModelSource source = call.settings().model().describe();
        Tokenizer tokenizer = LoadedModel.tokenizer(source.folder())) {
      Encoding encoding = tokenizer.encodeWithOffsets(text, special);
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("input_ids", encoding.ids());
      line.put("tokens", encoding.tokens());
      List<int[]> offsets = new ArrayList<>();
      for (int i = 0; i < encoding.ids().length; i++) {
        offsets.add(new int[] {encoding.starts()[i], encoding.ends()[i]});
      }
      line.put("offsets", offsets);
      call.out().println(Json.line(line));
      return 0;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new TokenizerException("the text file " + file + " cannot be read as UTF-8: " + e, e);
    }
  }
}
