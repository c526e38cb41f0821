package io.swiftjvm.plan;

import io.swiftjvm.data.rows.DatasetSpec;
import java.util.List;

/** Which ways of reading, mixing and batching rows go together. */
final class DataRules {
  private DataRules() {}

  static void check(Settings s, List<String> problems) {
    DataSettings data = s.data();
    if (data.splitRatio() > 0 && !data.validation().isEmpty()) {
      problems.add("split_dataset_ratio is " + data.splitRatio() + " and val_dataset is given; use one of them.");
    }
    int probabilities = data.mixing().probabilities().size();
    if (probabilities > 0 && probabilities != data.datasets().size()) {
      problems.add("interleave_prob has " + probabilities + " entries for " + data.datasets().size()
          + " data sets. Give one for each.");
    }
    boolean other = !data.datasets().isEmpty() || !data.validation().isEmpty() || data.splitRatio() > 0
        || data.access().streaming() || data.access().lazy();
    if (!data.cached().isEmpty() && other || data.cached().isEmpty() && !data.cachedValidation().isEmpty()) {
      problems.add("cached_dataset and cached_val_dataset take the place of dataset and val_dataset, and are neither split, "
          + "streamed nor encoded later. Use one or the other.");
    }
    grouping(s, problems);
    if (data.access().streaming()) {
      streaming(s, problems);
    }
    if (data.access().lazy()) {
      lazy(s, problems);
    }
  }

  private static void grouping(Settings s, List<String> problems) {
    DataSettings data = s.data();
    Integer maxTokens = data.grouping().maxTokens();
    if (data.grouping().byLength() && !data.loaderShuffle()) {
      problems.add("group_by_length is true and train_dataloader_shuffle false; rows of like length come together by "
          + "changing their order. Change one of them.");
    }
    if (s.text().packing() && (data.grouping().byLength() || maxTokens != null)) {
      problems.add("packing fills packs of equal length; leave group_by_length and max_tokens_per_batch out.");
    }
    if (maxTokens != null && s.train().batch().perDevice() != 1) {
      problems.add("max_tokens_per_batch is " + maxTokens + " and per_device_train_batch_size "
          + s.train().batch().perDevice() + "; a micro-batch is limited by tokens or by rows. Leave one out.");
    }
    Integer maxLength = s.text().maxLength();
    if (maxTokens != null && maxLength != null && maxTokens < maxLength) {
      problems.add("max_tokens_per_batch is " + maxTokens + ", below max_length " + maxLength
          + "; a row would not fit in a batch. Use max_tokens_per_batch >= max_length.");
    }
  }

  private static void streaming(Settings s, List<String> problems) {
    DataSettings data = s.data();
    if (s.train().batch().maxSteps() == null) {
      problems.add("streaming is true without max_steps; a stream has no length. Set max_steps.");
    }
    if (data.grouping().byLength()) {
      problems.add("group_by_length is true with streaming, which does not know the rows to come. Use max_tokens_per_batch "
          + "or packing, or leave it out.");
    }
    if (data.splitRatio() > 0 && data.datasets().stream().anyMatch(text -> DatasetSpec.parse(text).count() == null)) {
      problems.add("split_dataset_ratio is " + data.splitRatio() + " with streaming, which does not know the number of "
          + "rows. Write #N behind each data set, or give val_dataset.");
    }
  }

  private static void lazy(Settings s, List<String> problems) {
    DataSettings data = s.data();
    if (s.text().packing() || data.grouping().byLength() || data.grouping().maxTokens() != null) {
      problems.add("lazy_tokenize is true with packing, group_by_length or max_tokens_per_batch, which need the length of "
          + "every row beforehand. Use streaming with packing, or leave lazy_tokenize out.");
    }
    if (data.datasets().size() != 1 || data.splitRatio() > 0) {
      problems.add("lazy_tokenize reads one data set and leaves it whole; put all files in one folder, and give "
          + "val_dataset instead of split_dataset_ratio.");
    }
  }
}
