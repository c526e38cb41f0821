package io.swiftjvm.serve;

import io.swiftjvm.infer.Scheduler;

/**
 * The parts that endpoints share.
 *
 * @param served the model
 * @param options how it is served
 * @param names its names
 * @param scheduler who makes the answers
 * @param prompts texts to ids
 * @param tokens ids to texts
 * @param json bodies
 * @param metrics what is counted
 * @param vectors who makes vectors
 * @param adapters who changes adapters
 */
record Service(
    ServedModel served, ServeOptions options, ModelNames names, Scheduler scheduler, PromptEncoder prompts,
    TokenText tokens, Json json, Metrics metrics, VectorWork vectors, AdapterDesk adapters) {
  SamplingFields sampling() {
    return new SamplingFields(options.sampling(), served.model().source().generation(), vocabulary());
  }

  int vocabulary() {
    return served.model().config().vocabSize();
  }
}
