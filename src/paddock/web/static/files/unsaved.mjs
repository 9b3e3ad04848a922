// A form with a text that was changed is not left by mistake.
const form = document.querySelector("form[data-unsaved]");
let changed = false;
form.addEventListener("input", () => { changed = true; });
form.addEventListener("submit", () => { changed = false; });
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
