// Lines of a file: a click on a number names the line in the address, with Shift a range of them.
const lines = document.querySelector("pre.lines");

function named() {
  const found = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash);
  if (!found) return null;
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  return first <= last ? [first, last] : [last, first];
}

function mark() {
  for (const line of lines.querySelectorAll(".marked")) line.classList.remove("marked");
  const range = named();
  if (!range) return;
  const count = lines.firstElementChild.childElementCount;
  for (let number = range[0]; number <= Math.min(range[1], count); number += 1) {
    document.getElementById(`L${number}`)?.classList.add("marked");
  }
  document.getElementById(`L${range[0]}`)?.scrollIntoView({ block: "center" });
}

lines.addEventListener("click", (event) => {
  const line = event.target.closest("span[id]");
  // The number stands before the text, where nothing else is.
  const edge = line?.getBoundingClientRect().left + parseFloat(getComputedStyle(line).paddingInlineStart);
  if (!line || event.clientX > edge) return;
  const number = Number(line.id.slice(1));
  const range = event.shiftKey ? named() : null;
  const [first, last] = range ? [Math.min(range[0], number), Math.max(range[0], number)] : [number, number];
  history.replaceState(null, "", first === last ? `#L${first}` : `#L${first}-L${last}`);
  mark();
});

addEventListener("hashchange", mark);
mark();
