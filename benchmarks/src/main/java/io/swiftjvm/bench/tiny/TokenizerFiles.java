package io.swiftjvm.bench.tiny;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Learns the tokenizer and writes the text files of the model folder: {@code tokenizer.json},
 * {@code tokenizer_config.json} with the chat template, {@code config.json} and {@code generation_config.json}.
 *
 * <pre>TokenizerFiles CORPUS_DIR TEMPLATE.jinja MODEL_DIR</pre>
 */
public final class TokenizerFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String END = "<|endoftext|>";
  private static final String TURN_END = "<|im_end|>";
  private static final List<String> SPECIAL = List.of(END, "<|im_start|>", TURN_END);

  private TokenizerFiles() {}

  /** Writes the four files. */
  public static void main(String[] args) throws IOException {
    Path corpus = Path.of(args[0]);
    String template = Files.readString(Path.of(args[1])).strip();
    Path out = Files.createDirectories(Path.of(args[2]));
    BpeTrainer bpe = new BpeTrainer();
    for (String name : List.of("pretrain.jsonl", "sft.jsonl")) {
      for (String line : Files.readAllLines(corpus.resolve(name))) {
        JSON.readTree(line).path("messages").forEach(message -> {
          bpe.add(message.path("role").asText());
          bpe.add(message.path("content").asText());
        });
      }
    }
    bpe.train(TinyShape.VOCABULARY - SPECIAL.size());
    List<String> tokens = bpe.tokens();
    if (tokens.size() + SPECIAL.size() != TinyShape.VOCABULARY) {
      throw new IllegalStateException("the corpus gives only " + tokens.size() + " tokens");
    }
    Files.writeString(out.resolve("tokenizer.json"), tokenizer(bpe).toString());
    write(out.resolve("tokenizer_config.json"), tokenizerConfig(template));
    int end = tokens.size();
    int turnEnd = end + SPECIAL.indexOf(TURN_END);
    write(out.resolve("config.json"), TinyShape.config("float32", turnEnd, end));
    ObjectNode generation = JSON.createObjectNode().put("do_sample", false).put("max_new_tokens", 128)
        .put("pad_token_id", end);
    generation.putArray("eos_token_id").add(turnEnd).add(end);
    write(out.resolve("generation_config.json"), generation);
  }

  private static ObjectNode tokenizer(BpeTrainer bpe) {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String token : SPECIAL) {
      added.addObject().put("id", bpe.tokens().size() + SPECIAL.indexOf(token)).put("content", token)
          .put("single_word", false).put("lstrip", false).put("rstrip", false).put("normalized", false)
          .put("special", true);
    }
    root.putNull("normalizer");
    ObjectNode pieces = root.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode steps = pieces.putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", BpeTrainer.SPLIT);
    split.put("behavior", "Isolated").put("invert", false);
    steps.add(byteLevel());
    root.putNull("post_processor");
    root.set("decoder", byteLevel());
    ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout").putNull("unk_token")
        .put("continuing_subword_prefix", "").put("end_of_word_suffix", "").put("fuse_unk", false)
        .put("byte_fallback", false).put("ignore_merges", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < bpe.tokens().size(); id++) {
      vocabulary.put(bpe.tokens().get(id), id);
    }
    ArrayNode merges = model.putArray("merges");
    bpe.merges().forEach(merge -> merges.addArray().add(merge.getFirst()).add(merge.getLast()));
    return root;
  }

  private static ObjectNode byteLevel() {
    return JSON.createObjectNode().put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", false)
        .put("use_regex", false);
  }

  private static ObjectNode tokenizerConfig(String template) {
    return JSON.createObjectNode().put("tokenizer_class", "PreTrainedTokenizerFast").put("add_bos_token", false)
        .putNull("bos_token").put("eos_token", TURN_END).put("pad_token", END).putNull("unk_token")
        .put("model_max_length", TinyShape.POSITIONS).put("clean_up_tokenization_spaces", false)
        .put("chat_template", template + "\n");
  }

  static void write(Path file, JsonNode json) throws IOException {
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }
}
