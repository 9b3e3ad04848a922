// What the official openai package for JavaScript does with a server: whole, streamed, with tools.
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "-", maxRetries: 0 });
const messages = [{ role: "user", content: "say hello" }];

const models = [];
for await (const each of client.models.list()) models.push(each.id);
assert.deepEqual(models, [model]);
assert.equal((await client.models.retrieve(model)).id, model);

const whole = await client.chat.completions.create({ model, messages, logprobs: true });
assert.equal(whole.choices[0].message.content, "Hello!");
assert.equal(whole.choices[0].logprobs.content.length, 2);

let text = "";
const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
let usage = null;
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, "Hello!");
assert.equal(usage.completion_tokens, 2);

const helped = client.chat.completions.stream({ model, messages });
let helpedText = "";
helped.on("content", (delta) => { helpedText += delta; });
assert.equal((await helped.finalChatCompletion()).choices[0].message.content, "Hello!");
assert.equal(helpedText, "Hello!");

const seen = [];
const runner = client.chat.completions.runTools({
  model,
  messages: [{ role: "user", content: "use the tool" }],
  tools: [{
    type: "function",
    function: {
      name: "weather",
      description: "the weather somewhere",
      parameters: { type: "object", properties: { city: { type: "string" } } },
      parse: JSON.parse,
      function: ({ city }) => { seen.push(city); return "sunny"; },
    },
  }],
});
assert.equal(await runner.finalContent(), "Hello!");
assert.deepEqual(seen, ["Paris"]);

const response = await client.responses.create({ model, input: "say hello" });
assert.equal(response.output_text, "Hello!");
assert.equal((await client.responses.retrieve(response.id)).output_text, "Hello!");
const asked = (await client.responses.inputItems.list(response.id)).data;
assert.deepEqual(asked.map((item) => item.content), [[{ type: "input_text", text: "say hello" }]]);
const counted = await client.responses.inputTokens.count({ model, input: "say hello" });
assert.equal(counted.input_tokens, response.usage.input_tokens);
await assert.rejects(client.responses.cancel(response.id), OpenAI.BadRequestError);
await client.responses.delete(response.id);
await assert.rejects(client.responses.retrieve(response.id), OpenAI.NotFoundError);
const kinds = [];
for await (const event of await client.responses.create({ model, input: "say hello", stream: true })) kinds.push(event.type);
assert.equal(kinds[0], "response.created");
assert.equal(kinds.at(-1), "response.completed");

const { data } = await client.embeddings.create({ model, input: ["a", "b"] });
assert.equal(data.length, 2);
assert.ok(Math.abs(data[0].embedding[0] - 0.6) < 1e-6);

const completion = await client.completions.create({ model, prompt: "say hello" });
assert.equal(completion.choices[0].text, "Hello!");
let continued = "";
for await (const part of await client.completions.create({ model, prompt: "say hello", stream: true })) continued += part.choices[0].text;
assert.equal(continued, "Hello!");

await assert.rejects(client.chat.completions.create({ model: "no/such", messages }), OpenAI.NotFoundError);
await assert.rejects(client.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError);

// Half a character, as JavaScript may hold one.
await client.chat.completions.create({ model, messages: [{ role: "user", content: "half \ud83e" }] });

const aborted = await client.chat.completions.create({ model, messages, stream: true });
for await (const chunk of aborted) { aborted.controller.abort(); break; }
console.log("done");
