// Fills the form of a report with what the playground left for it, and adds messages in place.
import { announce, element } from "../lib/hub.mjs";

const KEY = "paddock.report";
const MAX_TURNS = 100;
const form = document.querySelector("[data-report-form]");
const turns = form?.querySelector("[data-turns]");

if (form && turns) {
  form.querySelector("[data-more]").addEventListener("click", (event) => {
    event.preventDefault();
    if (turns.children.length >= MAX_TURNS) return;
    const made = addTurn("user", "");
    made.querySelector("textarea").focus();
    announce(`Message ${turns.children.length} was added`);
  });
  const left = form.querySelector(".notice.bad") ? null : readLeft();
  if (left) fill(left);
  form.addEventListener("submit", forget);
}

function readLeft() {
  try {
    const told = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return told !== null && typeof told === "object" ? told : null;
  } catch {
    return null;
  }
}

function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

function fill(told) {
  const category = [...form.elements.category].find((radio) => radio.value === told.kind);
  if (category) category.checked = true;
  fillTurns(told);
  for (const [name, value] of Object.entries(told.settings ?? {})) fillSetting(name, value);
  for (const name of ["revision", "output"]) {
    if (typeof told[name] === "string") form.elements[name].value = told[name];
  }
  announce("The form was filled in with what the playground showed");
}

function fillTurns(told) {
  const messages = Array.isArray(told.messages) ? told.messages : [];
  const asked = messages.filter((each) => typeof each?.content === "string").slice(0, MAX_TURNS);
  if (typeof told.prompt === "string") asked.splice(0, asked.length, { role: "prompt", content: told.prompt });
  if (!asked.length) return;
  const roles = [...turns.querySelector("select").options].map((option) => option.value);
  const known = asked.map(({ role, content }) => [roles.includes(role) ? role : "user", content]);
  while (turns.children.length < known.length) addTurn("user", "");
  known.forEach(([role, content], at) => {
    turns.children[at].querySelector("select").value = role;
    turns.children[at].querySelector("textarea").value = content;
  });
}

function fillSetting(name, value) {
  const field = form.elements[name];
  if (!(field instanceof HTMLElement) || value === null) return;
  if (name === "stop") {
    const stops = Array.isArray(value) ? value : [value];
    field.value = stops.map((each) => String(each).replaceAll("\\", "\\\\").replaceAll("\n", "\\n")).join("\n");
  } else if (field.inputMode === "decimal" && Number.isFinite(value)) {
    field.value = String(value);
  } else {
    return;
  }
  field.closest("details")?.setAttribute("open", "");
}

function addTurn(role, content) {
  const number = turns.children.length + 1;
  const first = turns.querySelector("select");
  const select = element("select", { name: "role" }, ...[...first.options].map((option) =>
    element("option", { value: option.value, selected: option.value === role }, option.textContent)));
  const made = element("fieldset", { class: "turn" },
    element("legend", {}, `Message ${number}`),
    element("label", {}, "Role ", select),
    element("label", { class: "visually-hidden", for: `content-${number}` }, `Text of message ${number}`),
    element("textarea", { id: `content-${number}`, name: "content", rows: "4", spellcheck: "false" }, content));
  turns.append(made);
  return made;
}
