// The OpenAI SDK for JavaScript, as it comes, against a running session.

import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.VIVA_TEST_BASE_URL, apiKey: process.env.VIVA_TEST_SESSION_TOKEN });
const messages = [{ role: "user", content: "What is 12 + 30?" }];

const models = await client.models.list();
assert.deepEqual(models.data.map((model) => model.id), ["demo"]);

const answer = await client.chat.completions.create({ model: "demo", messages, temperature: 0 });
assert.ok(answer.id.startsWith("cmpl_"));
assert.equal(answer.choices[0].finish_reason, "stop");

const stream = await client.chat.completions.create({
  model: "demo",
  messages,
  temperature: 0,
  stream: true,
  stream_options: { include_usage: true },
});
let text = "";
let usage;
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, answer.choices[0].message.content);
assert.equal(usage.completion_tokens, answer.usage.completion_tokens);

const plain = await client.completions.create({ model: "demo", prompt: "Once", max_tokens: 4, temperature: 0 });
assert.equal(plain.object, "text_completion");

await assert.rejects(client.chat.completions.create({ model: "demo", messages, temperature: 2.1 }), (error) => {
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.code, "parameter_out_of_range");
  assert.equal(error.param, "temperature");
  return true;
});
await assert.rejects(client.chat.completions.create({ model: "gpt-4", messages }), OpenAI.NotFoundError);
const wrong = new OpenAI({ baseURL: process.env.VIVA_TEST_BASE_URL, apiKey: "vses_wrong" });
await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);

// A client that stops reading ends the answer.
const aborted = await client.chat.completions.create({ model: "demo", messages, stream: true });
aborted.controller.abort();

await fetch(`${process.env.VIVA_TEST_URL}/api/v1/sessions/${process.env.VIVA_TEST_SESSION}/stop`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.VIVA_TEST_USER_TOKEN}` },
});
await assert.rejects(client.chat.completions.create({ model: "demo", messages }), OpenAI.ConflictError);
