// OpenAI's own client for JavaScript, unmodified, against the server at argv[2] with the key argv[3].
// Prints one line for each check that holds, throws at the first that does not.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: process.argv[3], maxRetries: 0 });
const model = "swift-tiny";
const messages = [{ role: "user", content: "What is LoRA?" }];

const checks = {
  async chat() {
    const answer = await client.chat.completions.create({ model, messages });
    assert.match(answer.choices[0].message.content, /^LoRA/);
    assert.equal(answer.choices[0].finish_reason, "stop");
  },
  async stream_with_usage() {
    const whole = await client.chat.completions.create({ model, messages });
    const stream = await client.chat.completions.create(
      { model, messages, stream: true, stream_options: { include_usage: true } });
    let text = "";
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert.deepEqual(usage, whole.usage);
  },
  async stream_helper() {
    const all = await client.chat.completions.stream({ model, messages }).finalChatCompletion();
    assert.match(all.choices[0].message.content, /^LoRA/);
  },
  async stream_aborted() {
    const stream = await client.chat.completions.create({ model, messages, stream: true, ignore_eos: true });
    for await (const _ of stream) {
      stream.controller.abort();
      break;
    }
  },
  async tools_and_schemas() {
    const parameters = { type: "object", properties: { city: { enum: ["Paris", "Rome"] } }, required: ["city"],
      additionalProperties: false };
    const asked = await client.chat.completions.create({ model, messages, tool_choice: "required",
      tools: [{ type: "function", function: { name: "weather", parameters } }], parallel_tool_calls: false });
    assert.equal(asked.choices[0].finish_reason, "tool_calls");
    assert.ok(JSON.parse(asked.choices[0].message.tool_calls[0].function.arguments).city);
    const formed = await client.chat.completions.create({ model, messages,
      response_format: { type: "json_schema", json_schema: { name: "place", strict: true, schema: parameters } } });
    assert.ok(JSON.parse(formed.choices[0].message.content).city);
  },
  async completions() {
    const answer = await client.completions.create({ model, prompt: "LoRA trains", max_tokens: 4, echo: true });
    assert.ok(answer.choices[0].text.startsWith("LoRA trains"));
  },
  async embeddings() {
    // asks for base64 by itself
    const packed = await client.embeddings.create({ model, input: ["a", "What is LoRA?"] });
    const floats = await client.embeddings.create({ model, input: ["a", "What is LoRA?"], encoding_format: "float" });
    assert.equal(packed.data[1].embedding.length, floats.data[1].embedding.length);
    packed.data[1].embedding.forEach((x, i) => assert.ok(Math.abs(x - floats.data[1].embedding[i]) < 1e-6));
  },
  async responses() {
    const whole = await client.responses.create({ model, input: "What is LoRA?" });
    assert.match(whole.output_text, /^LoRA/);
    const all = await client.responses.stream({ model, input: "What is LoRA?" }).finalResponse();
    assert.equal(all.output_text, whole.output_text);
  },
  async models() {
    const names = [];
    for await (const one of client.models.list()) names.push(one.id);
    assert.deepEqual(names, [model]);
    assert.equal((await client.models.retrieve(model)).id, model);
  },
  async errors() {
    await assert.rejects(client.chat.completions.create({ model: "none", messages }),
      (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
    await assert.rejects(client.chat.completions.create({ model, messages, temperature: 9 }),
      (e) => e instanceof OpenAI.BadRequestError && e.param === "temperature");
    const stranger = new OpenAI({ baseURL: process.argv[2] + "/v1", apiKey: "wrong", maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(name);
}
