// The digests of files, from a worker, one file at a time.
import { worker } from "../lib/hub.mjs";

export class Hasher {
  #worker;
  #next = 0;

  constructor(address) {
    this.#worker = worker(address);
  }

  /** The SHA-256 of a file in hex; `onProgress` is told how many bytes were read. */
  sha256(file, onProgress, signal) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        this.#worker.removeEventListener("message", hear);
        signal.removeEventListener("abort", stop);
        settle(value);
      };
      const hear = ({ data }) => {
        if (data.id !== id) return;
        if (data.sha256) end(resolve, data.sha256);
        else if (data.error) end(reject, new Error(data.error));
        else onProgress(data.done);
      };
      const stop = () => {
        this.#worker.postMessage({ stop: id });
        end(reject, new DOMException("stopped", "AbortError"));
      };
      if (signal.aborted) return reject(new DOMException("stopped", "AbortError"));
      this.#worker.addEventListener("message", hear);
      signal.addEventListener("abort", stop);
      this.#worker.postMessage({ id, file });
    });
  }
}
