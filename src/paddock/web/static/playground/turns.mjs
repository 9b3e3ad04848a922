// A question and its answers as elements. An answer is shown as it comes, then whole: as text with
// blocks of code, or as tokens with how likely each was.
import { element } from "../lib/hub.mjs";
import { textView } from "./text.mjs";
import { tokenView } from "./tokens.mjs";

const ENDS = {
  length: "Cut off at the number of tokens that was asked for.",
  content_filter: "Ended by the model's use policy.",
};

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
