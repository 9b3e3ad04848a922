// What a script adds to forms for comments: a preview in place, quoting without losing what was
// written, and files that are dropped or pasted. Without it, all of this has pages of its own.
import { announce, call, element } from "../lib/hub.mjs";

const QUOTED_CHARS = 4000;

for (const form of document.querySelectorAll("[data-comment-form]")) {
  const text = form.elements.text;
  for (const hidden of form.querySelectorAll(".attach, .attach-hint")) hidden.hidden = false;

  form.querySelector("[data-preview-button]").addEventListener("click", (event) => {
    event.preventDefault();
    preview(form);
  });
  form.querySelector(".attach input")?.addEventListener("change", (event) => {
    attachAll(form, text, [...event.target.files]);
    event.target.value = "";
  });
  text.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    attachAll(form, text, [...event.clipboardData.files]);
  });
  text.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  text.addEventListener("dragleave", () => form.classList.remove("dropping"));
  text.addEventListener("drop", (event) => {
    form.classList.remove("dropping");
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    attachAll(form, text, [...event.dataTransfer.files]);
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-quote]");
  const text = document.querySelector("#answer [data-comment-form]")?.elements.text;
  if (!link || !text || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  link.closest("details").open = false;
  insert(text, quotation(document.getElementById(link.dataset.quote)));
  text.focus();
});

/** What is selected in the comment, or all of it, as a quotation. */
function quotation(comment) {
  const prose = comment.querySelector(".prose");
  const selection = document.getSelection();
  const selected = selection.rangeCount && prose.contains(selection.getRangeAt(0).commonAncestorContainer)
    ? String(selection) : "";
  const quoted = (selected || prose.innerText).trim().slice(0, QUOTED_CHARS);
  return quoted.split("\n").map((line) => `> ${line}`).join("\n") + "\n\n";
}

/** Put text where the cursor is, on lines of its own, in a way that can be undone. */
function insert(field, text) {
  field.focus();
  const before = field.value.slice(0, field.selectionStart);
  const start = before && !before.endsWith("\n") ? "\n" : "";
  field.setRangeText(start + text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The hub renders; its page comes back as a document of its own, of which one element is shown. */
function preview(form) {
  const place = form.querySelector(".preview-place");
  const request = new XMLHttpRequest();
  request.open("POST", form.dataset.preview);
  request.responseType = "document";
  request.onload = () => {
    const rendered = request.response?.querySelector("[data-rendered], .notice.bad");
    if (!rendered) return tell(place, "The preview could not be shown. Try again.");
    place.replaceChildren(document.importNode(rendered, true));
    announce(request.status === 200 ? "The preview is shown below the form." : rendered.textContent.trim());
  };
  request.onerror = () => tell(place, "The hub did not answer. Try again.");
  request.send(new FormData(form));
}

function tell(place, sentence) {
  place.replaceChildren(element("p", { class: "notice bad", role: "alert" }, sentence));
}

async function attachAll(form, field, files) {
  const place = form.querySelector(".preview-place");
  for (const file of files) {
    announce(`Sending ${file.name}`);
    try {
      const answer = await call(form.dataset.uploads, {
        method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" },
      });
      insert(field, shownAs(file, new URL(await answer.text(), document.baseURI).pathname));
      announce(`${file.name} is attached`);
    } catch (error) {
      tell(place, `${file.name}: ${error.message}`);
    }
  }
}

function shownAs(file, path) {
  const name = file.name.replace(/[[\]<>\\`*_]/g, " ").trim();
  const kind = file.type.split("/")[0];
  if (kind === "image") return `![${name}](${path})\n`;
  return `<${kind} src="${path}" controls></${kind}>\n`;
}
