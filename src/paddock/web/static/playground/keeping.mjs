// The conversation as this tab keeps it, and an answer as a report wants it. Nothing leaves the tab.

const keyOf = (model) => `paddock.playground:${model}`;
const REPORT = "paddock.report";

/** What was kept of a model's page, or null; what is damaged counts as none. */
export function kept(model) {
  try {
    const found = JSON.parse(sessionStorage.getItem(keyOf(model)));
    return Array.isArray(found?.turns) && found.turns.every(isTurn) ? found : null;
  } catch {
    return null;
  }
}

/** Keep the conversation; a tab that has no room for it goes on without. */
export function keep(model, conversation) {
  put(keyOf(model), conversation);
}

/** Put an answer where the form for reports looks for it. */
export function keepReport(report) {
  put(REPORT, report);
}

function put(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    sessionStorage.removeItem(key);
  }
}

function isTurn(turn) {
  return typeof turn?.asked === "string" && Array.isArray(turn.answers)
    && turn.answers.every((one) => typeof one?.model === "string" && typeof one.text === "string");
}
