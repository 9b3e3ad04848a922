// What scripts of the pages share: asking this hub, making elements, telling what happened.
// Text becomes elements here and nowhere else, and only as text.

/** The key that shows that a request comes from a page of ours; empty for who is not signed in. */
export function formKey() {
  return document.querySelector('meta[name="form-key"]')?.content ?? "";
}

/**
 * Ask this hub. `json` becomes the body. Resolves to the Response; throws an Error whose message is
 * the hub's own sentence, with `status` and `code`, when it refuses.
 */
export async function call(path, { method = "GET", json, body, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (formKey()) sent["X-Paddock-Form"] = formKey();
  if (json !== undefined) sent["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method, headers: sent, signal, body: json === undefined ? body : JSON.stringify(json),
    credentials: "same-origin",
  });
  if (answer.ok) return answer;
  const { sentence, code } = await refusalIn(answer);
  throw Object.assign(new Error(sentence), { status: answer.status, code });
}

async function refusalIn(answer) {
  try {
    const told = await answer.json();
    const message = told.error?.message ?? told.error ?? told.detail ?? answer.statusText;
    return { sentence: told.hint ? `${message}: ${told.hint}` : String(message), code: told.error?.code };
  } catch {
    return { sentence: `The hub answered ${answer.status} ${answer.statusText}.` };
  }
}

/** An element; attributes are set as text, functions as listeners ("onclick"), children appended as text or nodes. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Say something to those who listen to the page rather than look at it. */
export function announce(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50);
}

let policy;
/** A worker of ours; the one address that a script may make code of. */
export function worker(url) {
  policy ??= globalThis.trustedTypes?.createPolicy("paddock", {
    createScriptURL(address) {
      const target = new URL(address, document.baseURI);
      if (target.origin !== location.origin || !target.pathname.startsWith("/static/")) throw new TypeError("not a script of this hub");
      return target.href;
    },
  });
  return new Worker(policy ? policy.createScriptURL(String(url)) : url, { type: "module" });
}
