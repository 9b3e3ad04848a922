// Events of an answer as they come: what a server sends as text/event-stream, out of a fetch.
// Knows how events are written, not what is in them.

const MAX_EVENT_CHARS = 1_000_000;

/** The data of each event of the body, until it ends or says [DONE]. */
export async function* events(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      waiting += decoder.decode(value ?? new Uint8Array(), { stream: !done });
      const parts = waiting.split(/\r?\n\r?\n/);
      waiting = parts.pop();
      if (waiting.length > MAX_EVENT_CHARS) throw new Error("The hub sent an event without an end.");
      for (const part of parts) {
        const data = dataOf(part);
        if (data === "[DONE]") return;
        if (data) yield data;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function dataOf(event) {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(line[5] === " " ? 6 : 5)).join("\n");
}
