"""Files and batches by the OpenAI SDK for Python, as it comes, against a running session."""

import io
import json
import os
import time

import openai

client = openai.OpenAI(base_url=os.environ["VIVA_TEST_BASE_URL"], api_key=os.environ["VIVA_TEST_SESSION_TOKEN"])


def line(number, **body):
    body = {"model": "demo", "temperature": 0, "messages": [{"role": "user", "content": f"What is {number} + 30?"}]} | body
    return {"custom_id": f"row-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}


lines = [json.dumps(line(number)) for number in range(10, 40)] + [json.dumps(line(77, temperature=9)), "no json"]
source = client.files.create(file=("cases.jsonl", io.BytesIO("\n".join(lines).encode())), purpose="batch")
assert source.purpose == "batch" and source.filename == "cases.jsonl" and source.bytes > 1000, source
again = client.files.create(file=("cases.jsonl", io.BytesIO(b"x")), purpose="batch")
assert again.filename == "cases-2.jsonl", again
assert {file.id for file in client.files.list()} == {source.id, again.id}
assert client.files.delete(again.id).deleted
assert [file.id for file in client.files.list(purpose="batch")] == [source.id]
assert client.files.content(source.id).text.splitlines() == lines

batch = client.batches.create(
    input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"of": "the test"}
)
assert batch.object == "batch" and batch.metadata == {"of": "the test"}, batch
until = time.monotonic() + 60
while batch.status in ("validating", "in_progress", "finalizing"):
    assert time.monotonic() < until, batch
    time.sleep(0.05)
    batch = client.batches.retrieve(batch.id)
assert batch.status == "completed", batch
counts = batch.request_counts
assert (counts.total, counts.completed, counts.failed) == (32, 30, 2), batch
answers = [json.loads(text) for text in client.files.content(batch.output_file_id).text.splitlines()]
assert [answer["custom_id"] for answer in answers] == [f"row-{number}" for number in range(10, 40)], answers
for number, answer in zip(range(10, 40), answers):
    body = answer["response"]["body"]
    assert answer["response"]["status_code"] == 200 and body["object"] == "chat.completion", answer
    assert str(number + 30) in body["choices"][0]["message"]["content"], answer
errors = [json.loads(text) for text in client.files.content(batch.error_file_id).text.splitlines()]
assert [error["error"]["code"] for error in errors] == ["parameter_out_of_range", "invalid_row"], errors
assert client.files.retrieve(batch.output_file_id).purpose == "batch_output"
assert [found.id for found in client.batches.list()] == [batch.id]

slow = [json.dumps(line(number, max_tokens=200) | {"body": line(number)["body"] | {"ignore_eos": True}}) for number in range(500)]
source = client.files.create(file=("slow.jsonl", io.BytesIO("\n".join(slow).encode())), purpose="batch")
batch = client.batches.create(input_file_id=source.id, endpoint="/v1/chat/completions", completion_window="24h")
cancelled = client.batches.cancel(batch.id)
assert cancelled.status in ("cancelling", "cancelled"), cancelled
while batch.status != "cancelled":
    assert time.monotonic() < until, batch
    time.sleep(0.05)
    batch = client.batches.retrieve(batch.id)

for wrong, kind in [
    (lambda: client.batches.create(input_file_id="file_none", endpoint="/v1/chat/completions", completion_window="24h"), openai.NotFoundError),
    (lambda: client.batches.create(input_file_id=source.id, endpoint="/v1/embeddings", completion_window="24h"), openai.BadRequestError),
    (lambda: client.files.retrieve("file_none"), openai.NotFoundError),
    (lambda: client.batches.retrieve("task_none"), openai.NotFoundError),
]:
    try:
        wrong()
    except kind:
        continue
    raise AssertionError("it was not refused")
