// The page for uploading: files are chosen or dropped, hashed, sent and committed, and then judged.
import { announce, call, element } from "../lib/hub.mjs";
import { askModes, commitAll, sendAll } from "./committing.mjs";
import { chosenFiles, droppedFiles } from "./dropped.mjs";
import { Hasher } from "./hashing.mjs";

const MAX_FILES = 10_000;
const SCAN_PAUSES_MS = [1000, 1500, 2000, 3000, 5000, 5000, 10_000, 10_000, 20_000];
const WORDS = { safe: "safe", suspicious: "suspicious", unsafe: "unsafe", unscanned: "not scanned", queued: "scan waits" };
const STYLES = { safe: "", suspicious: "doubtful", unsafe: "bad", unscanned: "quiet", queued: "quiet" };

const form = document.getElementById("upload");
const at = (id) => document.getElementById(id);
const settings = form.dataset;
const items = new Map(); // path -> {path, file, row, state, sha256, sent, …}
let stopping = null;

function sizeText(bytes) {
  let size = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (size < 1000) return unit === "B" ? `${size} B` : `${size.toFixed(1)} ${unit}`;
    size /= 1000;
  }
  return `${size.toFixed(1)} TB`;
}

function add(found) {
  for (const { path: name, file } of found) {
    if (items.size >= MAX_FILES) {
      tell(`At most ${MAX_FILES} files at once.`);
      break;
    }
    const path = settings.folder ? `${settings.folder}/${name}` : name;
    remove(path);
    const state = element("td", {}, "");
    const drop = element("button", { type: "button", class: "quiet small", onclick: () => { remove(path); show(); } }, "Remove", element("span", { class: "visually-hidden" }, ` ${path}`));
    const row = element("tr", {}, element("td", {}, element("bdi", {}, path)), element("td", { class: "number" }, sizeText(file.size)), state, element("td", {}, drop));
    at("rows").append(row);
    items.set(path, { path, file, row, state, drop, sent: new Map(), isSent: false, done: 0 });
  }
  show();
}

function remove(path) {
  items.get(path)?.row.remove();
  items.delete(path);
}

function show() {
  at("chosen").hidden = !items.size;
  const bytes = [...items.values()].reduce((sum, item) => sum + item.file.size, 0);
  at("sum").textContent = `${items.size} file${items.size === 1 ? "" : "s"}, ${sizeText(bytes)}`;
}

function tell(text) {
  at("state").textContent = text;
  announce(text);
}

function busy(isBusy) {
  at("send").disabled = isBusy;
  at("cancel").hidden = !isBusy;
  at("progress").hidden = !isBusy;
  for (const item of items.values()) item.drop.disabled = isBusy;
}

function progress() {
  const large = [...items.values()].filter((item) => item.mode === "lfs");
  const total = large.reduce((sum, item) => sum + 2 * item.file.size, 0);
  const done = large.reduce((sum, item) => sum + item.done + (item.hashed ?? 0), 0);
  at("progress").value = total ? done / total : 0;
}

function take() {
  add(chosenFiles(at("files")));
  at("files").value = "";
}

at("files").addEventListener("change", take);
if (at("files").files.length) take(); // chosen before this script had come
at("folder").addEventListener("click", () => {
  const field = element("input", { type: "file", webkitdirectory: true, multiple: true });
  field.addEventListener("change", () => add(chosenFiles(field)));
  field.click();
});
const drop = at("drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  add(await droppedFiles(event.dataTransfer));
});
at("cancel").addEventListener("click", () => stopping?.abort());
addEventListener("beforeunload", (event) => { if (stopping) event.preventDefault(); });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!items.size) {
    tell("Choose some files first.");
    at("files").focus();
    return;
  }
  stopping = new AbortController();
  busy(true);
  try {
    await upload(stopping.signal);
  } catch (error) {
    if (error.name === "AbortError") tell("Stopped. Nothing was committed; “Upload” goes on where it was.");
    else tell(`It did not work: ${error.message}. “Upload” goes on where it was.`);
  } finally {
    stopping = null;
    busy(false);
  }
});

let hasher = null;

async function upload(signal) {
  const field = form.elements.as_pull_request;
  const isProposal = field && (field.type === "hidden" || field.checked);
  const createPr = isProposal ? "?create_pr=1" : "";
  const all = [...items.values()];
  tell("Asking how the files may travel…");
  await askModes(settings.preupload, all, createPr, signal);
  const kept = all.filter((item) => !item.ignored);
  for (const item of all) item.state.textContent = item.ignored ? "left out by .gitignore" : "waits";
  if (!kept.length) throw new Error("all of the files are left out by .gitignore");
  for (const item of kept.filter((one) => one.mode === "lfs" && !one.sha256)) {
    hasher ??= new Hasher(settings.worker);
    tell(`Reading ${item.path}…`);
    item.state.textContent = "is read";
    item.sha256 = await hasher.sha256(item.file, (bytes) => { item.hashed = bytes; progress(); }, signal);
  }
  tell("Sending…");
  await sendAll(settings, kept, (item, bytes) => {
    item.done = bytes;
    item.state.textContent = item.isSent ? "sent" : `${Math.floor((100 * bytes) / Math.max(1, item.file.size))} %`;
    progress();
  }, signal);
  tell("Committing…");
  const summary = at("message").value.trim() || (kept.length === 1 ? `Upload ${kept[0].path}` : `Upload ${kept.length} files`);
  const made = await commitAll(settings.commit, kept, { summary, description: at("description").value }, createPr, signal);
  finish(made, kept.map((item) => item.path));
}

function finish(made, paths) {
  items.clear();
  at("rows").replaceChildren();
  form.hidden = true;
  at("after").hidden = false;
  const where = made.pullRequestUrl ? new URL(made.pullRequestUrl).pathname : settings.tree;
  at("after-text").append(
    `${paths.length} file${paths.length === 1 ? "" : "s"} ${made.pullRequestUrl ? "proposed" : "committed"}. `,
    element("a", { href: where }, made.pullRequestUrl ? "See the pull request" : "See the files"),
  );
  at("after").focus();
  announce("Uploaded");
  watchScans(made.commitOid, paths).catch((error) => announce(error.message));
}

async function watchScans(commitOid, paths) {
  const shown = paths.slice(0, 200);
  for (const pause of [0, ...SCAN_PAUSES_MS]) {
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    const answer = await call(`${settings.paths}/${commitOid}`, { method: "POST", json: { paths: shown, expand: true } });
    const found = await answer.json();
    at("verdicts").replaceChildren(...found.map(verdict));
    if (found.every((one) => one.securityFileStatus?.status !== "queued")) {
      announce("All files were scanned");
      return;
    }
  }
}

function verdict(one) {
  const status = one.securityFileStatus?.status ?? "queued";
  const why = one.securityFileStatus?.reasons?.[0]?.message;
  return element("li", { class: "cluster" }, element("bdi", {}, one.path), element("span", { class: `badge ${STYLES[status] ?? "quiet"}` }, WORDS[status] ?? status), why ? element("span", { class: "soft" }, why) : null);
}
