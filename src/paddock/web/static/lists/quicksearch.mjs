// Search while somebody types, in the field at the head of every page: a combobox whose list pops up
// (WAI-ARIA Authoring Practices), where the keyboard alone is enough. Enter without a choice sends
// the form, as it does without this script.
import { announce, call, element } from "../lib/hub.mjs";

const WAIT = 120; // milliseconds without a key before the hub is asked
const GROUPS = [["models", "Models", ""], ["datasets", "Datasets", "datasets/"], ["spaces", "Spaces", "spaces/"]];

const field = document.getElementById("find");
const list = element("div", { id: "find-choices", role: "listbox", "aria-label": "Found", class: "choices", hidden: true });
let options = [];
let active = -1;
let timer = 0;
let asking = null;
let shown = "";

function choicesOf(answer) {
  const groups = GROUPS.map(([key, title, prefix]) => [title, (answer[key] ?? []).map(({ id }) => ({ label: id, href: `/${prefix}${id}` }))]);
  const people = [...(answer.users ?? []), ...(answer.orgs ?? [])].map((one) => one.user ?? one.name);
  groups.push(["People", people.map((name) => ({ label: name, href: `/${encodeURIComponent(name)}` }))]);
  return groups.filter(([, found]) => found.length > 0);
}

function show(answer) {
  options = [];
  const groups = choicesOf(answer).map(([title, found], place) => {
    const heading = element("div", { class: "of", id: `find-group-${place}`, role: "presentation" }, title);
    const items = found.map((choice) => option(choice));
    return element("div", { role: "group", "aria-labelledby": heading.id }, heading, ...items);
  });
  const all = option({ label: `Everything for “${answer.q}”`, href: `/search?q=${encodeURIComponent(answer.q)}` });
  list.replaceChildren(...groups, all);
  choose(-1);
  open(true);
  announce(options.length === 1 ? "Nothing found by name" : `${options.length - 1} found`);
}

function option({ label, href }) {
  const made = element("div", { role: "option", id: `find-option-${options.length}`, "aria-selected": "false", "data-href": href }, label);
  options.push(made);
  return made;
}

function choose(place) {
  options[active]?.setAttribute("aria-selected", "false");
  active = place;
  const chosen = options[active];
  if (chosen) {
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", chosen.id);
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function open(isOpen) {
  list.hidden = !isOpen;
  field.setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) choose(-1);
}

async function ask() {
  const typed = field.value.trim();
  asking?.abort();
  if (typed === "") { shown = ""; return open(false); }
  if (typed === shown) return open(options.length > 0);
  asking = new AbortController();
  try {
    const answer = await call(`/api/quicksearch?limit=4&q=${encodeURIComponent(typed)}`, { signal: asking.signal });
    const told = await answer.json();
    if (field.value.trim() !== typed || document.activeElement !== field) return;
    shown = typed;
    show(told);
  } catch (error) {
    if (error.name !== "AbortError") open(false); // the form still works
  }
}

function onKey(event) {
  const isOpen = !list.hidden;
  const last = options.length - 1;
  if (event.key === "ArrowDown" && !isOpen) ask();
  else if (event.key === "ArrowDown") choose(active === last ? -1 : active + 1);
  else if (event.key === "ArrowUp" && isOpen) choose(active === -1 ? last : active - 1);
  else if (event.key === "Escape" && isOpen) open(false);
  else if (event.key === "Enter" && isOpen && active >= 0) location.assign(options[active].dataset.href);
  else return;
  event.preventDefault();
}

function begin() {
  const styles = new URL("../lists.css", import.meta.url).pathname;
  if (!document.querySelector(`link[href="${styles}"]`)) document.head.append(element("link", { rel: "stylesheet", href: styles }));
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) field.setAttribute(name, value);
  field.parentElement.append(list);
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  field.addEventListener("keydown", onKey);
  field.addEventListener("blur", () => open(false));
  // Pressed, not clicked: the field keeps the focus, and the list stays until the choice is made.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (chosen) location.assign(chosen.dataset.href);
  });
  if (document.activeElement === field && field.value.trim() !== field.defaultValue.trim()) ask();
}

if (field) begin();
