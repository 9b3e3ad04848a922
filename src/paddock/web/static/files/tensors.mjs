// Tensors of a file: the table is narrowed down while one types. Without this, the form asks the hub.
import { announce } from "../lib/hub.mjs";

const field = document.getElementById("tensor-find");
const count = document.getElementById("tensor-count");
const rows = [...document.querySelectorAll("tr[data-name]")];
const groups = [...document.querySelectorAll("details.tensor-group")];
let waiting = 0;

function narrow() {
  const wanted = field.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    row.hidden = !row.dataset.name.toLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  for (const group of groups) {
    group.hidden = !group.querySelector("tr[data-name]:not([hidden])");
    if (wanted && !group.hidden) group.open = true;
  }
  count.textContent = `${shown} of ${rows.length}`;
  clearTimeout(waiting);
  waiting = setTimeout(() => announce(`${shown} tensors`), 600);
}

// Only where all of them are here: else the hub knows more than this page.
if (!document.querySelector("[data-more]")) field.addEventListener("input", narrow);
