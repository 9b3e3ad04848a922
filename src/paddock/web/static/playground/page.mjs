// The playground: a conversation with one model, or with two side by side.
// A turn is what was asked and what each model answered; each model sees its own answers alone.
// The tab keeps the conversation, and an answer as a report wants it. Nothing else does.
import { announce } from "../lib/hub.mjs";
import { answerView, codeView, turnView } from "./answers.mjs";
import { answer as answers, bodyOf, modeOf, pathOf, settingsOf, systemOf } from "./asking.mjs";

const form = document.getElementById("playground");
const part = (id) => document.getElementById(id);
const own = form.dataset.model;
const KEPT = `paddock.playground:${own}`;
const REPORT = "paddock.report";
const FIELDS = ["mode", "system", "temperature", "top_p", "max_tokens", "seed", "stop"];
const turns = []; // {mode, asked, answers: [{model, text, tokens, finish, problem, isStopped, ...}]}
const views = new Map(); // of answers
let running = null; // the AbortController of what is being asked

const showsTokens = () => part("probabilities").checked;

/** The models to ask, each with the revision that answers. */
function chosen() {
  const found = [{ model: own, revision: form.dataset.revision }];
  const other = part("other")?.selectedOptions[0];
  if (other?.value) found.push({ model: other.value, revision: other.dataset.revision });
  return found;
}

function historyOf(model, before) {
  const messages = [];
  for (const turn of before) {
    const said = turn.answers.find((one) => one.model === model && one.text);
    if (turn.mode === "chat" && said) {
      messages.push({ role: "user", content: turn.asked }, { role: "assistant", content: said.text });
    }
  }
  return messages;
}

function requestOf(model, turn, before) {
  return bodyOf({
    mode: turn.mode, model, settings: settingsOf(form), system: systemOf(form), tellsTokens: showsTokens(),
    messages: [...historyOf(model, before), { role: "user", content: turn.asked }], text: turn.asked,
  });
}

async function ask(turn) {
  running = new AbortController();
  const before = turns.slice(0, turns.indexOf(turn));
  turn.answers = chosen().map(({ model, revision }) => {
    const body = requestOf(model, turn, before);
    return { model, mode: turn.mode, body, revision, text: "", tokens: [], finish: null };
  });
  draw();
  await Promise.all(turn.answers.map(follow));
  running = null;
  save();
  drawControls();
  announce(turn.answers.map((one) => `${one.model}: ${one.problem ?? one.text}`).join(". "));
}

async function follow(one) {
  try {
    for await (const piece of answers(one.mode, one.body, running.signal)) {
      one.text += piece.text;
      one.tokens.push(...piece.tokens);
      one.finish = piece.finish ?? one.finish;
      if (piece.text) views.get(one).grow(piece.text);
    }
  } catch (error) {
    if (error.name === "AbortError") one.isStopped = true;
    else one.problem = error.message;
    if (error.code === "unknown_signer") part("trusting")?.removeAttribute("hidden");
  }
  views.get(one).settle(showsTokens());
}

function report(one) {
  const { model: _model, messages, prompt, logprobs: _l, top_logprobs: _t, ...settings } = one.body ?? {};
  const asked = one.mode === "chat" ? { messages } : { prompt };
  put(REPORT, { kind: one.mode, ...asked, settings, revision: one.revision, output: one.text });
}

function draw() {
  views.clear();
  part("turns").replaceChildren(...turns.map((turn) => turnView(turn, turn.answers.map((one) => {
    const view = answerView(one, report);
    views.set(one, view);
    if (!running || turn !== turns.at(-1)) view.settle(showsTokens());
    return view;
  }))));
  drawControls();
}

function drawControls() {
  const had = document.activeElement?.id;
  part("nothing").hidden = turns.length > 0;
  part("send").disabled = running !== null;
  part("stop").hidden = running === null;
  for (const id of ["again", "clear"]) part(id).hidden = running !== null || !turns.length;
  part("state").textContent = running ? "Answering" : "";
  // Who used a button that is gone now goes on at the one that stands in its place.
  if (running && ["send", "again"].includes(had)) part("stop").focus();
  if (!running && had === "stop") part("text").focus();
}

function save() {
  const fields = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
  const bare = turns.map((turn) => ({ ...turn, answers: turn.answers.map(({ tokens: _tokens, ...one }) => one) }));
  put(KEPT, { fields, turns: bare });
}

/** A tab that has no room for it goes on without. */
function put(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    sessionStorage.removeItem(key);
  }
}

/** What was kept of this page, or null; what is damaged counts as none. */
function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT));
    return Array.isArray(found?.turns) && found.turns.every(isTurn) ? found : null;
  } catch {
    return null;
  }
}

function isTurn(turn) {
  return typeof turn?.asked === "string" && Array.isArray(turn.answers)
    && turn.answers.every((one) => typeof one?.model === "string" && typeof one.text === "string");
}

function goOn({ fields, turns: before }) {
  for (const name of FIELDS) {
    if (typeof fields?.[name] === "string") form.elements[name].value = fields[name];
  }
  turns.push(...before);
  if (turns.length) draw();
}

async function drawCode() {
  const { curl, python } = await import("./code.mjs"); // which few people look at
  const turn = { mode: modeOf(form), asked: part("text").value || turns.at(-1)?.asked || "…" };
  const body = requestOf(own, turn, part("text").value ? turns : turns.slice(0, -1));
  const around = [form.dataset.endpoint, pathOf(turn.mode), body];
  part("curl").replaceChildren(codeView(curl(...around)));
  part("python").replaceChildren(codeView(python(...around)));
}

function drawMode() {
  part("text-label").textContent = modeOf(form) === "chat" ? "Message" : "Text to continue";
  part("system-field").hidden = modeOf(form) !== "chat";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return;
  const turn = { mode: modeOf(form), asked: part("text").value, answers: [] };
  turns.push(turn);
  if (turn.mode === "chat") part("text").value = "";
  ask(turn);
});
part("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
part("stop").addEventListener("click", () => { running?.abort(); part("text").focus(); });
part("again").addEventListener("click", () => ask(turns.at(-1)));
part("clear").addEventListener("click", () => { turns.length = 0; save(); draw(); part("text").focus(); });
part("probabilities").addEventListener("change", () => { if (!running) draw(); });
part("code").addEventListener("toggle", drawCode);
form.addEventListener("input", () => { if (part("code").open) drawCode(); });
form.addEventListener("change", () => { drawMode(); if (!running) save(); });

const before = kept();
if (before) goOn(before);
drawMode();
