// Files become a commit: how each travels, the large ones ahead, the small ones inside.
import { call } from "../lib/hub.mjs";
import { askBatch, PARTS_FROM_BYTES, sendLarge } from "./lfs.mjs";

const FILES_PER_QUESTION = 500;
const SAMPLE_BYTES = 512;

/** Ask for each item {path, file} whether it is "lfs" or "regular"; sets `mode` and `ignored`. */
export async function askModes(address, items, createPr, signal) {
  for (let at = 0; at < items.length; at += FILES_PER_QUESTION) {
    const some = items.slice(at, at + FILES_PER_QUESTION);
    const files = [];
    for (const { path, file } of some) {
      files.push({ path, size: file.size, sample: await base64Of(file.slice(0, SAMPLE_BYTES)) });
    }
    const answer = await call(address + createPr, { method: "POST", json: { files }, signal });
    const told = new Map((await answer.json()).files.map((file) => [file.path, file]));
    for (const item of some) {
      item.mode = told.get(item.path).uploadMode;
      item.ignored = told.get(item.path).shouldIgnore;
    }
  }
}

/** Send the large files; `tell(item, bytes)` says how far it is. */
export async function sendAll(settings, items, tell, signal) {
  for (const [transfer, some] of Object.entries(byTransfer(items))) {
    const objects = some.map(({ sha256, file }) => ({ oid: sha256, size: file.size }));
    if (!objects.length) continue;
    const answers = await askBatch(settings.batch, settings.ref, unique(objects), transfer, signal);
    for (const item of some) {
      const object = keepUpload(item, answers.get(item.sha256));
      try {
        await sendLarge(item.file, item.sha256, object, item.sent, (bytes) => tell(item, bytes), signal);
      } catch (error) {
        if (error.status >= 400 && error.status < 500) item.sent.clear(); // what was begun is over
        throw error;
      }
      item.isSent = true;
      tell(item, item.file.size);
    }
  }
}

/** An upload in parts goes on at the addresses with which it began, as long as they are good. */
function keepUpload(item, object) {
  if (item.sent.size && item.upload && object.actions) return item.upload;
  item.upload = object;
  return object;
}

function byTransfer(items) {
  const waiting = items.filter((item) => item.mode === "lfs" && !item.isSent);
  return {
    basic: waiting.filter((item) => item.file.size < PARTS_FROM_BYTES),
    multipart: waiting.filter((item) => item.file.size >= PARTS_FROM_BYTES),
  };
}

function unique(objects) {
  return [...new Map(objects.map((object) => [object.oid, object])).values()];
}

/** Make the commit; gives what the hub answers. */
export async function commitAll(address, items, message, createPr, signal) {
  const lines = [JSON.stringify({ key: "header", value: message })];
  for (const { path, file, mode, sha256 } of items) {
    lines.push(mode === "lfs"
      ? JSON.stringify({ key: "lfsFile", value: { path, algo: "sha256", oid: sha256, size: file.size } })
      : JSON.stringify({ key: "file", value: { path, content: await base64Of(file), encoding: "base64" } }));
  }
  const body = new Blob(lines.map((line) => `${line}\n`));
  const headers = { "Content-Type": "application/x-ndjson" };
  return (await call(address + createPr, { method: "POST", body, headers, signal })).json();
}

function base64Of(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(new Error("a file cannot be read")));
    if (blob.size) reader.readAsDataURL(blob);
    else resolve("");
  });
}
