// Forms that a passkey answers: the server asks, the browser has a device sign, the form is sent.
// A form names the question's address in data-begin, and in data-passkey whether one is made.

const OURS = { "Content-Type": "application/x-www-form-urlencoded" };

async function ask(form) {
  const body = new URLSearchParams({ form_key: form.elements.form_key.value });
  const answer = await fetch(form.dataset.begin, { method: "POST", headers: OURS, body });
  if (!answer.ok || answer.redirected) throw new Error("Open this page anew and try again.");
  return answer.json();
}

async function sign(form) {
  const options = await ask(form);
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return navigator.credentials.get({ publicKey });
}

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const problem = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  problem.textContent = "";
  button.disabled = true;
  try {
    form.elements.answer.value = JSON.stringify((await sign(form)).toJSON());
    form.submit();
  } catch (error) {
    const isOurs = error instanceof Error && !(error instanceof DOMException);
    problem.textContent = isOurs ? error.message : "No passkey was used. Try again, or choose another way.";
    button.disabled = false;
  }
}

// Browsers keep passkeys for names, not for numbers.
const isNumber = /^[\d.]+$|:/.test(location.hostname);
const knows = !isNumber && window.PublicKeyCredential?.parseRequestOptionsFromJSON !== undefined;
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (knows) {
    form.hidden = false;
    form.addEventListener("submit", send);
  }
}
for (const text of document.querySelectorAll("[data-no-passkeys]")) text.hidden = knows;
