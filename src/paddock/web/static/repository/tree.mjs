// Trees of lineage that open and close in place, by pointer and by keyboard. The lists are on the
// page already; this makes trees of them (ARIA's pattern), and asks the hub for further branches.
import { announce, call, element } from "../lib/hub.mjs";

const items = (tree) => [...tree.querySelectorAll("li[data-name]")];
const group = (item) => item.querySelector(":scope > ul");
const isOpen = (item) => item.getAttribute("aria-expanded") === "true";

function prepare(item, level) {
  item.setAttribute("role", "treeitem");
  item.setAttribute("aria-level", level);
  item.tabIndex = -1;
  const name = item.querySelector(":scope > .node");
  item.setAttribute("aria-label", name.textContent.replace(/\s+/g, " ").trim());
  for (const link of name.querySelectorAll("a")) link.tabIndex = -1;
  name.querySelector(".further")?.remove();
  const inner = group(item);
  if (inner || item.dataset.more) {
    item.setAttribute("aria-expanded", inner ? "true" : "false");
    const mark = element("button", { type: "button", class: "quiet small", tabindex: "-1", "aria-hidden": "true" });
    mark.addEventListener("click", () => { focus(item); toggle(item); });
    name.querySelector(":scope > .mark").append(mark);
    paint(item);
  }
  if (!inner) return;
  inner.setAttribute("role", "group");
  for (const child of inner.querySelectorAll(":scope > li[data-name]")) prepare(child, level + 1);
}

function paint(item) {
  const mark = item.querySelector(":scope > .node > .mark > button");
  if (mark) mark.textContent = isOpen(item) ? "−" : "+";
  const inner = group(item);
  if (inner) inner.hidden = !isOpen(item);
}

async function toggle(item, wanted = !isOpen(item)) {
  if (!item.hasAttribute("aria-expanded") || wanted === isOpen(item)) return;
  if (wanted && !group(item)) {
    item.setAttribute("aria-busy", "true");
    try {
      await grow(item);
    } catch (problem) {
      announce(problem.message);
      return;
    } finally {
      item.removeAttribute("aria-busy");
    }
  }
  if (!item.hasAttribute("aria-expanded")) return;
  item.setAttribute("aria-expanded", String(wanted));
  paint(item);
}

async function grow(item) {
  const level = Number(item.getAttribute("aria-level")) + 1;
  const told = await (await call(item.dataset.more)).json();
  const side = new URL(item.dataset.more, location.href).searchParams.get("side");
  announce(told.branches.length ? `${told.branches.length} found` : "Nothing further");
  if (!told.branches.length) {
    item.querySelector(":scope > .node > .mark > button")?.remove();
    item.removeAttribute("aria-expanded");
    return;
  }
  const above = new Set();
  for (let up = item; up; up = up.parentElement?.closest("li[data-name]")) above.add(up.dataset.name);
  const list = element("ul", { role: "group" });
  for (const branch of told.branches) {
    const child = shown(branch, side, above);
    list.append(child);
    prepare(child, level);
  }
  if (told.more) list.append(element("li", { class: "soft" }, `and ${told.more} more`));
  item.append(list);
}

function shown(branch, side, above) {
  const node = element("span", { class: "node" }, element("span", { class: "mark" }));
  node.append(branch.href ? element("a", { href: branch.href }, branch.name) : element("span", {}, branch.name));
  if (!branch.href) node.append(element("span", { class: "soft" }, "not on this hub, or not for you to see"));
  const said = branch.isSigned ? "signed" : "declared";
  node.append(element("span", { class: branch.isSigned ? "badge" : "badge quiet declared" }, `${branch.words}, ${said}`));
  if (branch.version) node.append(element("span", { class: "soft" }, branch.version));
  if (branch.state !== "current") {
    const ids = branch.advisories.length ? `: ${branch.advisories.join(", ")}` : "";
    node.append(element("span", { class: `badge ${branch.isBad ? "bad" : "doubtful"}` }, branch.state + ids));
  }
  if (branch.isPrivate) node.append(element("span", { class: "badge quiet" }, "private"));
  if (branch.isGated) node.append(element("span", { class: "badge note" }, "gated"));
  const item = element("li", { "data-name": branch.name }, node);
  if (above.has(branch.name)) node.append(element("span", { class: "soft" }, "shown above"));
  else if (branch.href) item.dataset.more = `${branch.href}/lineage/branches?side=${side}`;
  return item;
}

function focus(item) {
  const tree = item.closest("[role=tree]");
  for (const each of items(tree)) each.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

const isShown = (item) => !item.closest("ul[hidden], li[hidden]");

function onKey(event) {
  const item = event.target.closest("[role=treeitem]");
  if (!item || event.target !== item || event.altKey || event.ctrlKey || event.metaKey) return;
  const around = items(item.closest("[role=tree]")).filter(isShown);
  const at = around.indexOf(item);
  const parent = item.parentElement.closest("[role=treeitem]");
  const moves = {
    ArrowDown: () => around[at + 1] && focus(around[at + 1]),
    ArrowUp: () => around[at - 1] && focus(around[at - 1]),
    Home: () => focus(around[0]),
    End: () => focus(around.at(-1)),
    ArrowRight: () => (isOpen(item) ? group(item)?.querySelector("[role=treeitem]") && focus(group(item).querySelector("[role=treeitem]")) : toggle(item, true)),
    ArrowLeft: () => (isOpen(item) ? toggle(item, false) : parent && focus(parent)),
    Enter: () => item.querySelector(":scope > .node a")?.click(),
  };
  if (!moves[event.key]) return;
  event.preventDefault();
  moves[event.key]();
}

function filter(words) {
  const wanted = words.trim().toLowerCase();
  let count = 0;
  for (const item of document.querySelectorAll(".tree li[data-name]")) {
    const inside = [item, ...item.querySelectorAll("li[data-name]")].some((each) => each.dataset.name.toLowerCase().includes(wanted));
    item.hidden = Boolean(wanted) && !inside;
    count += Boolean(wanted) && item.dataset.name.toLowerCase().includes(wanted);
  }
  if (wanted) announce(`${count} names`);
}

for (const tree of document.querySelectorAll("ul.tree")) {
  tree.setAttribute("role", "tree");
  for (const item of tree.querySelectorAll(":scope > li")) prepare(item, 1);
  tree.querySelector("[role=treeitem]").tabIndex = 0;
  tree.addEventListener("keydown", onKey);
}
const tools = document.querySelector(".tree-tools");
if (tools && document.querySelector("ul.tree")) {
  tools.classList.add("ready");
  document.getElementById("tree-filter").addEventListener("input", (event) => filter(event.target.value));
}
