// Files and batches by the OpenAI SDK for JavaScript, as it comes, against a running session.

import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";

const client = new OpenAI({ baseURL: process.env.VIVA_TEST_BASE_URL, apiKey: process.env.VIVA_TEST_SESSION_TOKEN });
const lines = [12, 13].map((number) =>
  JSON.stringify({
    custom_id: `row-${number}`,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "demo", temperature: 0, messages: [{ role: "user", content: `What is ${number} + 30?` }] },
  }),
);
const file = await client.files.create({ file: await toFile(Buffer.from(lines.join("\n")), "two.jsonl"), purpose: "batch" });
assert.equal(file.purpose, "batch");
let batch = await client.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
const until = Date.now() + 60_000;
while (batch.status !== "completed") {
  assert.ok(Date.now() < until, JSON.stringify(batch));
  await new Promise((resolve) => setTimeout(resolve, 50));
  batch = await client.batches.retrieve(batch.id);
}
const output = await (await client.files.content(batch.output_file_id)).text();
const answers = output.trim().split("\n").map((line) => JSON.parse(line).response.body.choices[0].message.content);
assert.ok(answers[0].includes("42") && answers[1].includes("43"), output);
assert.equal(batch.error_file_id, null);
