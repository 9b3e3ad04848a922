// One answer of one model: what is asked of /v1, and what comes back, piece by piece.
import { call } from "../lib/hub.mjs";
import { events } from "./stream.mjs";

const ALTERNATIVES = 5;

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
