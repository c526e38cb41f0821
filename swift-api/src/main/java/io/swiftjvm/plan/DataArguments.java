package io.swiftjvm.plan;

import static io.swiftjvm.plan.Argument.Kind.INTEGER;
import static io.swiftjvm.plan.Argument.Kind.MAP;
import static io.swiftjvm.plan.Argument.Kind.NUMBER;
import static io.swiftjvm.plan.Argument.Kind.SWITCH;
import static io.swiftjvm.plan.Argument.Kind.TEXT;
import static io.swiftjvm.plan.Argument.Kind.TEXTS;
import static io.swiftjvm.plan.ModelArguments.strings;
import static io.swiftjvm.plan.ModelArguments.toInt;

import io.swiftjvm.data.batch.Packing;
import io.swiftjvm.data.rows.Mixing;
import io.swiftjvm.error.InvalidPlanException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Arguments about rows and how they become tokens. */
final class DataArguments {
  static final List<Argument> LIST = List.of(
      Argument.of("dataset", TEXTS,
          "Files, folders or swift/self-cognition; ':part' behind a folder takes a sub-folder, '#N' takes N rows.",
          s -> s.data().datasets(), (s, v) -> s.data(d -> d.datasets(strings(v)))),
      Argument.of("val_dataset", TEXTS, "Validation data.",
          s -> s.data().validation(), (s, v) -> s.data(d -> d.validation(strings(v)))),
      Argument.of("split_dataset_ratio", NUMBER, "Share of the rows of each data set held out for validation.",
          s -> s.data().splitRatio(), (s, v) -> s.data(d -> d.splitRatio((Double) v))),
      Argument.of("interleave_prob", TEXTS, "Draws rows from the data sets with these probabilities, one for each.",
          s -> s.data().mixing().probabilities().stream().map(String::valueOf).toList(),
          (s, v) -> s.data(d -> d.mixing(m -> new Mixing(numbers("interleave_prob", v), m.stopping())))),
      Argument.of("stopping_strategy", TEXT, "When a mixture ends: first_exhausted or all_exhausted (rows repeat).",
          s -> s.data().mixing().stopping().toString(),
          (s, v) -> s.data(d -> d.mixing(m -> new Mixing(m.probabilities(), Mixing.Stopping.of((String) v))))),
      Argument.of("dataset_shuffle", SWITCH, "Shuffle the data set once; '#N' and the split draw at random, too.",
          s -> s.data().load().shuffle(), (s, v) -> s.data(d -> d.load(l -> l.shuffle((Boolean) v)))),
      Argument.of("val_dataset_shuffle", SWITCH, "Shuffle the validation data once.",
          s -> s.data().validationShuffle(), (s, v) -> s.data(d -> d.validationShuffle((Boolean) v))),
      Argument.of("train_dataloader_shuffle", SWITCH, "Draw the rows of every epoch in another order.",
          s -> s.data().loaderShuffle(), (s, v) -> s.data(d -> d.loaderShuffle((Boolean) v))),
      Argument.of("streaming", SWITCH, "Read rows as a stream in constant memory; needs max_steps.",
          s -> s.data().access().streaming(), (s, v) -> s.data(d -> d.access(a -> a.streaming((Boolean) v)))),
      Argument.of("shuffle_buffer_size", INTEGER, "Rows among which a stream is shuffled.",
          s -> s.data().access().buffer(),
          (s, v) -> s.data(d -> d.access(a -> a.buffer(toInt("shuffle_buffer_size", v))))),
      Argument.of("lazy_tokenize", SWITCH, "Encode rows of mapped JSONL files when their turn comes, in constant memory.",
          s -> s.data().access().lazy(), (s, v) -> s.data(d -> d.access(a -> a.lazy((Boolean) v)))),
      Argument.of("group_by_length", SWITCH, "Rows of like length in a batch, the longest first.",
          s -> s.data().grouping().byLength(), (s, v) -> s.data(d -> d.grouping(g -> g.byLength((Boolean) v)))),
      Argument.of("max_tokens_per_batch", INTEGER, "As many rows in a micro-batch as have at most these tokens.",
          s -> s.data().grouping().maxTokens(),
          (s, v) -> s.data(d -> d.grouping(g -> g.maxTokens(toInt("max_tokens_per_batch", v))))),
      Argument.of("cached_dataset", TEXTS, "Folders that export --to_cached_dataset wrote, instead of dataset.",
          s -> s.data().cached(), (s, v) -> s.data(d -> d.cached(strings(v)))),
      Argument.of("cached_val_dataset", TEXTS, "The same for validation.",
          s -> s.data().cachedValidation(), (s, v) -> s.data(d -> d.cachedValidation(strings(v)))),
      Argument.of("strict", SWITCH, "A bad row is an error instead of a counted drop.",
          s -> s.data().load().strict(), (s, v) -> s.data(d -> d.load(l -> l.strict((Boolean) v)))),
      Argument.of("max_drop_ratio", NUMBER, "Largest share of rows that may be dropped before it is an error.",
          s -> s.data().load().maxDropRatio(), (s, v) -> s.data(d -> d.load(l -> l.maxDropRatio((Double) v)))),
      Argument.of("columns", MAP, "Column names of the file to standard names, as JSON.",
          s -> s.data().load().columns(), (s, v) -> s.data(d -> d.load(l -> l.columns(texts((Map<?, ?>) v))))),
      Argument.of("disable_auto_column_mapping", SWITCH, "Take columns by their standard names and --columns only.",
          s -> !s.data().load().autoColumns(), (s, v) -> s.data(d -> d.load(l -> l.autoColumns(!((Boolean) v))))),
      Argument.of("model_name", TEXT, "Fills {{NAME}} of self-cognition rows.",
          s -> s.data().modelName(), (s, v) -> s.data(d -> d.load(l -> l.modelName((String) v)))),
      Argument.of("model_author", TEXT, "Fills {{AUTHOR}} of self-cognition rows.",
          s -> s.data().modelAuthor(), (s, v) -> s.data(d -> d.load(l -> l.modelAuthor((String) v)))),
      Argument.of("template", TEXT, "Training template: qwen3 and so on, jinja, a .json file; unset = the family's.",
          s -> s.text().template(), (s, v) -> s.text(t -> t.template((String) v))),
      Argument.of("agent_template", TEXT, "How tools are written, such as react_en; unset = the template's own form.",
          s -> s.text().agentTemplate(), (s, v) -> s.text(t -> t.agentTemplate((String) v))),
      Argument.of("system", TEXT, "System text where a row has none.",
          s -> s.text().system(), (s, v) -> s.text(t -> t.system((String) v))),
      Argument.of("max_length", INTEGER, "Longest row in tokens; unset = what the model allows.",
          s -> s.text().maxLength(), (s, v) -> s.text(t -> t.maxLength(toInt("max_length", v)))),
      Argument.of("truncation_strategy", TEXT, "Longer rows: delete, left, right, split.",
          s -> s.text().truncation(), (s, v) -> s.text(t -> t.truncation((String) v))),
      Argument.of("loss_scale", TEXT, "What is trained: default, last_round or all, then filters: 'default+hermes'.",
          s -> s.text().lossScale(), (s, v) -> s.text(t -> t.lossScale((String) v))),
      Argument.of("is_binary_loss_scale", SWITCH, "Row weights only decide trained or not.",
          s -> s.text().binaryLossScale(), (s, v) -> s.text(t -> t.binaryLossScale((Boolean) v))),
      Argument.of("packing", SWITCH, "Join rows to packs of packing_length.",
          s -> s.text().packing(), (s, v) -> s.text(t -> t.packing((Boolean) v)), "enable_packing"),
      Argument.of("packing_strategy", TEXT, "How packs are made: binpack (fullest) or sequential (in order).",
          s -> s.data().grouping().packing().toString(),
          (s, v) -> s.data(d -> d.grouping(g -> g.packing(Packing.Strategy.of((String) v))))),
      Argument.of("packing_length", INTEGER, "Length of a pack; unset = max_length.",
          s -> s.text().packingLength(), (s, v) -> s.text(t -> t.packingLength(toInt("packing_length", v))),
          "max_packed_length"),
      Argument.of("enable_thinking", SWITCH, "Thinking mode of the chat template; unset = the template's default.",
          s -> s.text().enableThinking(), (s, v) -> s.text(t -> t.enableThinking((Boolean) v))),
      Argument.of("upstream_compatible", SWITCH, "Repeat what ms-swift does where that is a fault.",
          s -> s.text().upstreamCompatible() ? Boolean.TRUE : null,
          (s, v) -> s.text(t -> t.upstreamCompatible((Boolean) v))));

  private DataArguments() {}

  private static List<Double> numbers(String name, Object value) {
    try {
      return strings(value).stream().map(Double::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new InvalidPlanException(name + " is " + value + "; write numbers such as 0.7 0.3.");
    }
  }

  private static Map<String, String> texts(Map<?, ?> map) {
    Map<String, String> out = new LinkedHashMap<>();
    map.forEach((k, v) -> {
      if (!(v instanceof String text)) {
        throw new InvalidPlanException("columns maps '" + k + "' to " + v + "; a column's standard name is a text.");
      }
      out.put(String.valueOf(k), text);
    });
    return out;
  }
}
