// A request of the playground as commands for a shell and as Python, for this hub's own address.

/** For a shell: nothing in the request can end the quotes. */
export function curl(endpoint, path, body) {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl ${endpoint}${path} \\`,
    '  -H "Authorization: Bearer $HF_TOKEN" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '${json}'`,
  ].join("\n");
}

/** With the official client. */
export function python(endpoint, path, body) {
  const made = path.includes("chat") ? "client.chat.completions.create" : "client.completions.create";
  const given = Object.entries(body).map(([name, value]) => `    ${name}=${literal(value, 1)},`);
  const said = path.includes("chat") ? "answer.choices[0].message.content" : "answer.choices[0].text";
  return [
    "import os", "", "from openai import OpenAI", "",
    `client = OpenAI(base_url=${JSON.stringify(`${endpoint}/v1`)}, api_key=os.environ["HF_TOKEN"])`,
    `answer = ${made}(`, ...given, ")", `print(${said})`,
  ].join("\n");
}

/** A JSON value as Python writes it: only three words differ. */
function literal(value, depth) {
  const pad = "    ".repeat(depth);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return value.length ? `[\n${value.map((one) => `${pad}    ${literal(one, depth + 1)},`).join("\n")}\n${pad}]` : "[]";
  if (typeof value === "object") return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${literal(one, depth + 1)}`).join(", ")}}`;
  return JSON.stringify(value);
}
