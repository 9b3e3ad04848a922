// What every page does: copy buttons, menus that close as people expect, and search as one types, which
// is fetched when somebody is about to.
import { announce } from "./hub.mjs";

document.documentElement.classList.add("scripted");  // what needs a script may be seen

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(button.dataset.copy);
    announce("Copied");
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const had = menu.contains(document.activeElement);
    menu.open = false;
    if (had) menu.querySelector("summary").focus();
  }
});

document.getElementById("find")?.addEventListener("focus", () => import("../lists/quicksearch.mjs"), { once: true });
