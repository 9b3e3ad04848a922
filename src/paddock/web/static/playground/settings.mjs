// The form's settings as /v1 takes them; what is not filled in is left to the model's own defaults.

const value = (form, name) => form.elements[name].value;

/** The parameters that are filled in. */
export function settingsOf(form) {
  const found = {};
  for (const name of ["temperature", "top_p", "max_tokens", "seed"]) {
    if (value(form, name) !== "") found[name] = Number(value(form, name));
  }
  const stops = value(form, "stop").split("\n").filter((line) => line);
  if (stops.length) found.stop = stops;
  return found;
}

export const modeOf = (form) => value(form, "mode");

export const systemOf = (form) => (modeOf(form) === "chat" ? value(form, "system") : "");

/** What of the form is kept with a conversation. */
export function fieldsOf(form) {
  const names = ["mode", "system", "temperature", "top_p", "max_tokens", "seed", "stop"];
  return Object.fromEntries(names.map((name) => [name, value(form, name)]));
}

/** Fill it in again. */
export function fill(form, fields) {
  for (const [name, text] of Object.entries(fields ?? {})) {
    if (form.elements[name] && typeof text === "string") form.elements[name].value = text;
  }
}
