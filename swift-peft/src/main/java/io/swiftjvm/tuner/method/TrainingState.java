package io.swiftjvm.tuner.method;

import io.swiftjvm.autograd.Gradients;
import java.nio.file.Path;

/** What a method keeps and does beside the optimizer while it is trained. */
interface TrainingState {
  /** Called after step {@code step} (from 1) of {@code total} was taken with the gradients times {@code clip}. */
  void after(int step, int total, Gradients gradients, float clip);

  /** Writes what a continued training needs beside the adapter's files; nothing once the training is over. */
  void save(Path folder);

  /** Reads what {@link #save} wrote, if it wrote something. */
  void load(Path folder);
}
