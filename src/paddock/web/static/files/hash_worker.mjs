// Hashes files beside the page: takes {id, file}, tells {id, done} as it goes and {id, sha256} at the end.
import { Sha256 } from "./sha256.mjs";

const PIECE_BYTES = 4 * 1024 * 1024;
const stopped = new Set();

addEventListener("message", async ({ data }) => {
  if (data.stop !== undefined) {
    stopped.add(data.stop);
    return;
  }
  const { id, file } = data;
  try {
    const hash = new Sha256();
    for (let at = 0; at < file.size && !stopped.has(id); at += PIECE_BYTES) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
      postMessage({ id, done: Math.min(at + PIECE_BYTES, file.size) });
    }
    if (!stopped.has(id)) postMessage({ id, sha256: hash.hex() });
  } catch (error) {
    postMessage({ id, error: `it cannot be read (${error.message})` });
  }
});
