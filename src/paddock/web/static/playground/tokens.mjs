// The tokens of an answer, each with how likely it was: shaded, and told with its alternatives when
// it is pointed at or reached. One stop for the Tab key; the arrow keys go from token to token.
import { element } from "../lib/hub.mjs";

const STEPS = [[0.9, "p-0", "90 % and more"], [0.6, "p-1", "60 %"], [0.3, "p-2", "30 %"], [0.1, "p-3", "10 %"], [0, "p-4", "less"]];

const chance = (logprob) => (logprob === null ? null : Math.exp(logprob));
const percent = (share) => (share === null ? "unknown" : share < 0.001 ? "under 0.1 %" : `${(share * 100).toFixed(1)} %`);
const styleOf = (share) => STEPS.find(([least]) => (share ?? 0) >= least)[1];

/** What the shades mean. */
export function legend() {
  const shades = STEPS.map(([, style, label]) => element("span", { class: `token ${style}` }, label));
  return element("p", { class: "legend" }, "Likelihood:", ...shades);
}

/** The tokens and the place that tells of one of them. */
export function tokenView(tokens) {
  const told = element("div", { class: "alternatives", "aria-live": "polite" },
    element("p", { class: "soft" }, "Point at a token, or go to it with the arrow keys, to see what else was likely."));
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
  return [legend(), bar, told];
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
