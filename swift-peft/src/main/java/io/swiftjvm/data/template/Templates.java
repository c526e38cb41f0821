package io.swiftjvm.data.template;

import static io.swiftjvm.data.template.TemplateMeta.text;

import io.swiftjvm.data.template.TemplateMeta.SystemPlace;
import io.swiftjvm.error.InvalidPlanException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The training templates by ms-swift's names; the forms are those that the models were trained with. */
public final class Templates {
  private static final String DATES = "Cutting Knowledge Date: December 2023\nToday Date: %s\n\n";
  private static final String LLAMA_SYSTEM = "You are a helpful, respectful and honest assistant. Always answer as "
      + "helpfully as possible, while being safe. Your answers should not include any harmful, unethical, racist, "
      + "sexist, toxic, dangerous, or illegal content. Please ensure that your responses are socially unbiased and "
      + "positive in nature.\n\nIf a question does not make any sense, or is not factually coherent, explain why "
      + "instead of answering something not correct. If you don't know the answer to a question, please don't share "
      + "false information.";
  private static final String CODER_SYSTEM = "You are an AI programming assistant, utilizing the Deepseek Coder model, "
      + "developed by Deepseek Company, and you only answer questions related to computer science. For politically "
      + "sensitive questions, security and privacy issues, and other non-computer science questions, you will refuse to "
      + "answer\n";
  private static final String MISTRAL_SYSTEM = "You are Mistral Small 3, a Large Language Model (LLM) created by Mistral "
      + "AI, a French startup headquartered in Paris.\nYour knowledge base was last updated on 2023-10-01. The current "
      + "date is {{ISO_DATE}}.\n\nWhen you're not sure about some information, you say that you don't have the "
      + "information and don't make up anything.\nIf the user's question is not clear, ambiguous, or does not provide "
      + "enough context for you to accurately answer the question, you do not try to answer it right away and you "
      + "rather ask the user to clarify their request (e.g. \"What are some good restaurants around me?\" => \"Where are "
      + "you?\" or \"When is the next flight to Tokyo\" => \"Where do you travel from?\")";
  private static final Map<String, TemplateMeta> ALL = new LinkedHashMap<>();

  static {
    TemplateMeta chatml = TemplateMeta.of("chatml", List.of(), "<|im_start|>user\n{{QUERY}}<|im_end|>\n<|im_start|>assistant\n",
        text("<|im_end|>\n"), text("<|im_end|>\n"), text("<|im_start|>system\n{{SYSTEM}}<|im_end|>\n")).agent(AgentForms.HERMES);
    TemplateMeta qwen = chatml.stopWords("<|endoftext|>");
    add(chatml.tokenizerEnds(true));
    add(qwen.named("qwen").defaultSystem("You are a helpful assistant."));
    add(qwen.named("qwen2_5")
        .defaultSystem("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."));
    add(qwen.named("qwen3").thinking("", "<think>\n\n</think>\n\n"));
    add(qwen.named("qwen3_thinking").thinking("<think>\n", ""));
    add(qwen.named("qwen3_nothinking"));
    TemplateMeta llama3 = TemplateMeta.of("llama3", text("<|begin_of_text|>"),
        "<|start_header_id|>user<|end_header_id|>\n\n{{QUERY}}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        text("<|eot_id|>"), text("<|eot_id|>"),
        text("<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{{SYSTEM}}<|eot_id|>"))
        .agent(AgentForms.LLAMA3);
    add(llama3);
    String head = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n" + DATES.formatted("{{DATE}}");
    add(new TemplateMeta("llama3_2", text(head + "<|eot_id|>"), llama3.prompt(), llama3.chatSep(), llama3.suffix(),
        text(head + "{{SYSTEM}}<|eot_id|>"), null, List.of(), "", "", false, "", AgentForms.LLAMA3, false, false,
        SystemPlace.PREFIX));
    add(TemplateMeta.of("llama", text("<s>[INST] "), "{{QUERY}} [/INST]", text("</s><s>[INST] "), text("</s>"),
        text("<s>[INST] <<SYS>>\n{{SYSTEM}}\n<</SYS>>\n\n")).defaultSystem(LLAMA_SYSTEM));
    add(TemplateMeta.of("mistral_nemo", text("<s>[INST] "), "{{QUERY}}[/INST]", text("</s>[INST] "), text("</s>"), null)
        .systemPlace(SystemPlace.LAST_USER));
    TemplateMeta gemma = TemplateMeta.of("gemma", text("<bos>"),
        "<start_of_turn>user\n{{QUERY}}<end_of_turn>\n<start_of_turn>model\n", text("<end_of_turn>\n"),
        text("<end_of_turn>"), text("<bos><start_of_turn>system\n{{SYSTEM}}<end_of_turn>\n"));
    add(gemma);
    add(new TemplateMeta("gemma3_text", gemma.prefix(), gemma.prompt(), gemma.chatSep(), gemma.suffix(), null, null,
        List.of(), "", "", false, "", null, false, true, SystemPlace.FIRST_USER));
    List<Part> eos = List.of(Part.Id.EOS);
    add(TemplateMeta.of("deepseek", List.of(Part.Id.BOS), "User: {{QUERY}}\n\nAssistant:", eos, eos,
        List.of(Part.Id.BOS, new Part.Text("{{SYSTEM}}\n\n"))));
    String begin = "<｜begin▁of▁sentence｜>";
    List<Part> end = text("<｜end▁of▁sentence｜>");
    add(TemplateMeta.of("deepseek_v2_5", text(begin), "<｜User｜>{{QUERY}}<｜Assistant｜>", end, end,
        text(begin + "{{SYSTEM}}")));
    add(TemplateMeta.of("deepseek_r1", text(begin), "<｜User｜>{{QUERY}}<｜Assistant｜>", end, end,
        text(begin + "{{SYSTEM}}")).thinking("<think>\n", ""));
    add(TemplateMeta.of("deepseek_v3_1", text(begin), "<｜User｜>{{QUERY}}<｜Assistant｜>", end, end,
        text(begin + "{{SYSTEM}}")).thinking("<think>", "</think>").historyPrefix("</think>")
        .agent(AgentForms.DEEPSEEK_V3_1));
    add(TemplateMeta.of("deepseek_coder", List.of(), "### Instruction:\n{{QUERY}}\n### Response:\n",
        text("\n<|EOT|>\n"), text("\n<|EOT|>"), text("{{SYSTEM}}")).stopWords("<|EOT|>").defaultSystem(CODER_SYSTEM));
    add(TemplateMeta.of("mistral_2501", text("<s>"), "[INST]{{QUERY}}[/INST]", text("</s>"), text("</s>"),
        text("<s>[SYSTEM_PROMPT]{{SYSTEM}}[/SYSTEM_PROMPT]")).defaultSystem(MISTRAL_SYSTEM));
    add(qwen.named("qwq").thinking("<think>\n", ""));
    add(new TemplateMeta("dummy", List.of(), text("{{QUERY}}"), null, eos, null, null, List.of(), "", "", false, "",
        null, true, false, SystemPlace.PREFIX));
  }

  private Templates() {}

  private static void add(TemplateMeta meta) {
    ALL.put(meta.name(), meta);
  }

  /** The template of a name; a refusal lists what there is. */
  public static TemplateMeta of(String name) {
    TemplateMeta meta = ALL.get(name);
    if (meta == null) {
      throw new InvalidPlanException("template is '" + name + "'; this version has " + String.join(", ", ALL.keySet())
          + ", and jinja for the model's own chat template.");
    }
    return meta;
  }

  /** The usual template of a model_type; empty where the model's own chat template has to serve. */
  public static Optional<TemplateMeta> ofFamily(String modelType) {
    return Optional.ofNullable(switch (modelType) {
      case "qwen3" -> ALL.get("qwen3");
      case "qwen2" -> ALL.get("qwen2_5");
      case "llama" -> ALL.get("llama3_2");
      case "mistral" -> ALL.get("mistral_nemo");
      default -> null;
    });
  }
}
