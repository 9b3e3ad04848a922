// Large files by the batch API of Git LFS: in one piece, or in parts that are sent again one by one.
import { call } from "../lib/hub.mjs";

const LFS_JSON = "application/vnd.git-lfs+json";
export const PARTS_FROM_BYTES = 64 * 1024 * 1024;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

/** Ask how large files may travel: [{oid, size}] to a Map from oid to the answer for it. */
export async function askBatch(address, ref, objects, transfer, signal) {
  const json = { operation: "upload", transfers: [transfer], ref: { name: ref }, hash_algo: "sha256", objects };
  const headers = { Accept: LFS_JSON, "Content-Type": LFS_JSON };
  const answer = await (await call(address, { method: "POST", body: JSON.stringify(json), headers, signal })).json();
  return new Map(answer.objects.map((object) => [object.oid, object]));
}

/**
 * Send a file as the hub said. `sent` remembers parts that arrived: with the same one, an upload that
 * broke off goes on where it was.
 */
export async function sendLarge(file, oid, object, sent, onProgress, signal) {
  if (object.error) throw new Error(object.error.message);
  if (!object.actions) return; // the hub has it already
  const { upload, verify } = object.actions;
  if (upload.header?.chunk_size) await sendParts(file, oid, upload, sent, onProgress, signal);
  else await sendPiece(upload.href, file, onProgress, signal);
  if (verify) {
    const headers = { Accept: LFS_JSON, "Content-Type": LFS_JSON };
    await call(here(verify.href), { method: "POST", body: JSON.stringify({ oid, size: file.size }), headers, signal });
  }
}

async function sendParts(file, oid, upload, sent, onProgress, signal) {
  const size = Number(upload.header.chunk_size);
  const numbers = Object.keys(upload.header).filter((key) => /^\d+$/.test(key)).sort();
  let before = 0;
  for (const key of numbers) {
    const number = Number(key);
    const part = file.slice((number - 1) * size, number * size);
    if (!sent.has(number)) {
      const start = before;
      sent.set(number, await sendPiece(upload.header[key], part, (bytes) => onProgress(start + bytes), signal));
    }
    before += part.size;
    onProgress(before);
  }
  const parts = numbers.map((key) => ({ partNumber: Number(key), etag: sent.get(Number(key)) }));
  const headers = { Accept: LFS_JSON, "Content-Type": LFS_JSON };
  await call(here(upload.href), { method: "POST", body: JSON.stringify({ oid, parts }), headers, signal });
}

/** PUT some bytes, again after a failure of the connection or the server; gives the ETag. */
async function sendPiece(address, piece, onProgress, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await put(address, piece, onProgress, signal);
    } catch (error) {
      if (signal.aborted || !error.again || attempt === ATTEMPTS) throw error;
      onProgress(0);
      await new Promise((resolve) => { setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)); });
    }
  }
}

function put(address, piece, onProgress, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new DOMException("stopped", "AbortError"));
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    const fail = (message, again, status) => reject(Object.assign(new Error(message), { again, status }));
    const stop = () => request.abort();
    request.open("PUT", here(address));
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.getResponseHeader("ETag") ?? "");
      else fail(sentenceOf(request), request.status >= 500 || request.status === 429, request.status);
    });
    request.addEventListener("error", () => fail("the connection broke", true));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop);
    request.send(piece);
  });
}

/** The hub knows itself by one name, and a browser perhaps by another. */
function here(address) {
  const url = new URL(address, location.href);
  return url.pathname + url.search;
}

function sentenceOf(request) {
  try {
    return JSON.parse(request.responseText).error;
  } catch {
    return `the hub answered ${request.status}`;
  }
}
