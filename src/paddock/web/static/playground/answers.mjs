// Questions and answers as elements. An answer is shown as it comes, then whole: as text with blocks of
// code, or as tokens with how likely each was. Nothing of it is ever markup, whatever it looks like.
import { element } from "../lib/hub.mjs";

const ENDS = {
  length: "Cut off at the number of tokens that was asked for.",
  content_filter: "Ended by the model's use policy.",
};
const FENCE = /^```([\w+#.-]*)[ \t]*\n([\s\S]*?)(?:^```[ \t]*$\n?|$(?![\s\S]))/gm;
const STEPS = [[0.9, "p-0", "90 % and more"], [0.6, "p-1", "60 %"], [0.3, "p-2", "30 %"], [0.1, "p-3", "10 %"], [0, "p-4", "less"]];

/** A turn; `onreport` is told of an answer that somebody wants to report. */
export function turnView(turn, answers) {
  return element("li", {},
    element("h3", {}, turn.mode === "chat" ? "You" : "Text"),
    element("p", { class: "asked" }, turn.asked),
    element("div", { class: "answers" }, ...answers.map((one) => one.place)));
}

/** One answer on its way; `grow` adds a piece, `settle` shows what there is in the end. */
export function answerView(answer, onreport) {
  const body = element("div", {}, element("p", { class: "soft" }, "Waiting for the first words."));
  const place = element("div", { class: "answer" }, element("h3", {}, answer.model), body);
  let growing = null;
  return {
    place,
    grow(piece) {
      if (!growing) {
        growing = document.createTextNode("");
        body.replaceChildren(element("p", { class: "text" }, growing));
      }
      growing.appendData(piece);
    },
    settle(showsTokens) {
      const tokens = answer.tokens ?? [];
      const shown = showsTokens && tokens.length ? tokenView(tokens) : textView(answer.text);
      const nothing = answer.problem && !answer.text;
      body.replaceChildren(...(nothing ? [] : shown), ...notes(answer), ...(nothing ? [] : actions(answer, onreport)));
    },
  };
}

function notes(answer) {
  const said = answer.problem ? [element("div", { class: "notice bad" }, element("p", {}, answer.problem))] : [];
  if (answer.isStopped) said.push(element("p", { class: "soft" }, "You stopped it here."));
  if (ENDS[answer.finish]) said.push(element("p", { class: "soft" }, ENDS[answer.finish]));
  return said;
}

function actions(answer, onreport) {
  return [element("p", { class: "cluster" },
    element("button", { type: "button", class: "copy small", "data-copy": answer.text }, "Copy"),
    element("a", { class: "button quiet small", href: reportAddress(answer), onclick: () => onreport(answer) }, "Report this answer"))];
}

/** Where answers of a model are reported: its own repository. */
function reportAddress(answer) {
  const repository = answer.model.split("@")[0];
  return `/${repository.split("/").map(encodeURIComponent).join("/")}/reports/new`;
}

/** The elements for a text. */
function textView(text) {
  const found = [];
  let at = 0;
  const plain = (end) => {
    const piece = text.slice(at, end).replace(/^\n+|\s+$/g, "");
    if (piece) found.push(element("p", { class: "text" }, piece));
  };
  for (const match of text.matchAll(FENCE)) {
    plain(match.index);
    found.push(codeView(match[2].replace(/\n$/, ""), match[1]));
    at = match.index + match[0].length;
  }
  plain(text.length);
  return found.length ? found : [element("p", { class: "text soft" }, "(nothing)")];
}

/** Code, with a button that copies it. */
export function codeView(code, language = "") {
  const copy = element("button", { type: "button", class: "copy", "data-copy": code, "aria-label": "Copy" }, "Copy");
  const label = language ? `Code, ${language}` : "Code";
  return element("div", { class: "snippet" },
    element("pre", { tabindex: 0, role: "group", "aria-label": label }, element("code", {}, code)), copy);
}

const chance = (logprob) => (logprob === null ? null : Math.exp(logprob));
const percent = (share) => (share === null ? "unknown" : share < 0.001 ? "under 0.1 %" : `${(share * 100).toFixed(1)} %`);
const styleOf = (share) => STEPS.find(([least]) => (share ?? 0) >= least)[1];

/** What the shades mean. */
function legend() {
  const shades = STEPS.map(([, style, label]) => element("span", { class: `token ${style}` }, label));
  return element("p", { class: "legend" }, "Likelihood:", ...shades);
}

/** The tokens, one stop for the Tab key, and the place that tells of the one at hand. */
function tokenView(tokens) {
  const told = element("div", { class: "alternatives", "aria-live": "polite" });
  const texts = readable(tokens);
  const buttons = tokens.map((token, at) => {
    const share = chance(token.logprob);
    const label = `${texts[at] || "part of a character"}, ${percent(share)}`;
    return element("button", {
      type: "button", class: `token ${styleOf(share)}`, tabindex: at ? -1 : 0, "aria-label": label,
      onfocus: () => tell(told, texts[at], token), onmouseenter: () => tell(told, texts[at], token),
    }, texts[at] || "▯");
  });
  const bar = element("div", { class: "tokens", role: "toolbar", "aria-label": "Tokens of the answer", onkeydown: (event) => move(event, buttons) }, ...buttons);
  tell(told, texts[0], tokens[0]);
  const hint = element("p", { class: "hint" }, "Point at a token, or go to it with the arrow keys, to see what else was likely.");
  return [legend(), bar, hint, told];
}

function move(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const target = { Home: 0, End: buttons.length - 1 }[event.key] ?? at + (step ?? NaN);
  if (at < 0 || !buttons[target]) return;
  event.preventDefault();
  buttons[at].tabIndex = -1;
  buttons[target].tabIndex = 0;
  buttons[target].focus();
}

function tell(place, text, token) {
  const rows = token.others.map((other) => element("tr", {},
    element("td", {}, element("code", {}, JSON.stringify(other.text))),
    element("td", { class: "number" }, percent(chance(other.logprob)))));
  place.replaceChildren(
    element("p", {}, element("code", {}, JSON.stringify(text || token.text)), `: ${percent(chance(token.logprob))}`),
    element("table", { class: "table" },
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Likely here"), element("th", { scope: "col" }, "Probability"))),
      element("tbody", {}, ...rows)));
}

/** Each token's own text; a character of several tokens is told with the last of them. */
function readable(tokens) {
  const decoder = new TextDecoder();
  return tokens.map(({ text, bytes }) => (bytes ? decoder.decode(new Uint8Array(bytes), { stream: true }) : text));
}
