// A conversation with the model. What people and models say is only ever text here, never markup.
import { events, models } from "./api.js";

const NUMBERS = ["temperature", "top_p", "top_k", "max_tokens", "seed"];
const at = (id) => document.getElementById(id);

let turns = [];
let running = null;

function say(text) {
  at("status").textContent = text;
}

function show(kind, text) {
  const box = document.createElement("div");
  box.className = "turn " + kind;
  box.textContent = text;
  at("log").append(box);
  box.scrollIntoView({ block: "end" });
  return box;
}

function settings() {
  const chosen = { model: at("model").value };
  for (const name of NUMBERS) {
    if (at(name).value !== "") chosen[name] = Number(at(name).value);
  }
  if (at("stop").value !== "") chosen.stop = at("stop").value;
  return chosen;
}

function conversation() {
  const system = at("system").value.trim();
  return system === "" ? turns : [{ role: "system", content: system }, ...turns];
}

function busy(now) {
  at("send").disabled = now;
  at("stop-now").disabled = !now;
}

async function ask(question) {
  turns.push({ role: "user", content: question });
  show("user", question);
  running = new AbortController();
  busy(true);
  say("The model answers");
  const begin = performance.now();
  let thinking = null;
  let box = null;
  let answer = "";
  let usage = null;
  let reason = "";
  try {
    for await (const event of events("/v1/chat/completions", { ...settings(), messages: conversation() },
      running.signal)) {
      const choice = event.choices[0];
      usage = event.usage ?? usage;
      reason = choice?.finish_reason ?? reason;
      if (choice?.delta?.reasoning_content) {
        thinking ??= show("assistant thinking", "");
        thinking.append(choice.delta.reasoning_content);
      }
      if (choice?.delta?.content) {
        box ??= show("assistant", "");
        answer += choice.delta.content;
        box.append(choice.delta.content);
        box.scrollIntoView({ block: "end" });
      }
    }
    const seconds = (performance.now() - begin) / 1000;
    say(`${usage.completion_tokens} tokens after ${usage.prompt_tokens}, ${seconds.toFixed(1)} s, `
      + `${(usage.completion_tokens / seconds).toFixed(1)} tokens/s, ended by ${reason}`);
  } catch (e) {
    if (e.name === "AbortError") {
      say("Stopped");
    } else {
      show("error", e.message);
      say("The request failed");
    }
  } finally {
    running = null;
    busy(false);
  }
  if (answer === "") {
    turns.pop();
  } else {
    turns.push({ role: "assistant", content: answer });
  }
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (question === "" || running) return;
  at("question").value = "";
  ask(question);
});

at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("ask").requestSubmit();
  }
});

at("stop-now").addEventListener("click", () => running?.abort());

at("fresh").addEventListener("click", () => {
  running?.abort();
  turns = [];
  at("log").replaceChildren();
  say("");
});

try {
  for (const name of await models()) {
    at("model").append(new Option(name, name));
  }
  say("Ready");
} catch (e) {
  say(e.message);
}
