// Items of a collection are put in order by dragging. The buttons beside them do the same without.
import { announce, call } from "../lib/hub.mjs";

const list = document.querySelector("[data-order]");
let dragged = null;

if (list && matchMedia("(pointer: fine)").matches) {
  list.classList.add("movable");
  document.querySelector(".drag-hint").hidden = false;
  for (const item of list.children) item.draggable = true;
  list.addEventListener("dragstart", (event) => {
    const item = event.target.closest?.("[data-item]");
    if (!item) return;
    dragged = item;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.querySelector("h2").textContent.trim());
    item.classList.add("dragged");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-item]");
    if (!dragged || !over) return;
    event.preventDefault();
    mark(over === dragged ? null : over);
  });
  list.addEventListener("drop", (event) => {
    const over = event.target.closest("[data-item]");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    move(dragged, [...list.children].indexOf(over));
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    mark(null);
  });
}

function mark(place) {
  for (const item of list.children) item.classList.toggle("place", item === place);
}

/** Tell the hub first; the page shows what became of it. */
async function move(item, position) {
  try {
    await call(`${list.dataset.order}/items/${item.dataset.item}`, { method: "PATCH", json: { position } });
    location.reload();
  } catch (error) {
    announce(`It was not moved: ${error.message}`);
  }
}
