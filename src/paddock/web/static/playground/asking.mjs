// One answer of one model: what the form asks of /v1, and what comes back, piece by piece.
import { call } from "../lib/hub.mjs";

const ALTERNATIVES = 5;
const MAX_EVENT_CHARS = 1_000_000;

/** The parameters that are filled in; others are left to the model's own defaults. */
export function settingsOf(form) {
  const found = {};
  for (const name of ["temperature", "top_p", "max_tokens", "seed"]) {
    if (form.elements[name].value !== "") found[name] = Number(form.elements[name].value);
  }
  const stops = form.elements.stop.value.split("\n").filter((line) => line);
  if (stops.length) found.stop = stops;
  return found;
}

export const modeOf = (form) => form.elements.mode.value;

export const systemOf = (form) => (modeOf(form) === "chat" ? form.elements.system.value : "");

/** The body of a request for the next answer of a conversation, or for a text's continuation. */
export function bodyOf({ mode, model, settings, system, messages, text, tellsTokens }) {
  const body = { model, ...settings };
  if (mode === "chat") {
    body.messages = system ? [{ role: "system", content: system }, ...messages] : messages;
    if (tellsTokens) Object.assign(body, { logprobs: true, top_logprobs: ALTERNATIVES });
  } else {
    body.prompt = text;
    if (tellsTokens) body.logprobs = ALTERNATIVES;
  }
  return body;
}

export const pathOf = (mode) => (mode === "chat" ? "/v1/chat/completions" : "/v1/completions");

/** Pieces {text, tokens, finish} as they come; throws an Error with the hub's own sentence. */
export async function* answer(mode, body, signal) {
  const told = await call(pathOf(mode), { method: "POST", json: { ...body, stream: true }, signal });
  for await (const data of events(told.body)) {
    const event = JSON.parse(data);
    if (event.error) throw new Error(String(event.error.message ?? event.error));
    const choice = event.choices?.[0];
    if (choice) yield pieceOf(mode, choice);
  }
}

function pieceOf(mode, choice) {
  if (mode === "chat") {
    const delta = choice.delta ?? {};
    const tokens = (choice.logprobs?.content ?? []).map((one) => ({
      text: one.token, bytes: one.bytes, logprob: one.logprob,
      others: one.top_logprobs.map((other) => ({ text: other.token, logprob: other.logprob })),
    }));
    return { text: delta.content ?? delta.refusal ?? "", tokens, finish: choice.finish_reason };
  }
  const told = choice.logprobs;
  const tokens = (told?.tokens ?? []).map((text, at) => ({
    text, logprob: told.token_logprobs[at],
    others: Object.entries(told.top_logprobs[at] ?? {}).map(([name, logprob]) => ({ text: name, logprob })),
  }));
  return { text: choice.text ?? "", tokens, finish: choice.finish_reason };
}

/** The data of each event of a body, until it ends or says [DONE]. */
async function* events(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      waiting += decoder.decode(value ?? new Uint8Array(), { stream: !done });
      const parts = waiting.split(/\r?\n\r?\n/);
      waiting = parts.pop();
      if (waiting.length > MAX_EVENT_CHARS) throw new Error("The hub sent an event without an end.");
      for (const part of parts) {
        const data = dataOf(part);
        if (data === "[DONE]") return;
        if (data) yield data;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function dataOf(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(line[5] === " " ? 6 : 5)).join("\n");
}
