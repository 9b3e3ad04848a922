// What a model said, as elements: text with its own line ends, and blocks of code. Nothing of it is
// ever markup, whatever it looks like.
import { element } from "../lib/hub.mjs";

const FENCE = /^```([\w+#.-]*)[ \t]*\n([\s\S]*?)(?:^```[ \t]*$\n?|$(?![\s\S]))/gm;

/** The elements for a text. */
export function textView(text) {
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
