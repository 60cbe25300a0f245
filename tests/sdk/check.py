"""The OpenAI SDK for Python, as it comes, against a running session."""

import json
import os

import openai

BASE = os.environ["VIVA_TEST_BASE_URL"]
SESSION = os.environ["VIVA_TEST_SESSION"]
client = openai.OpenAI(base_url=BASE, api_key=os.environ["VIVA_TEST_SESSION_TOKEN"])
question = [{"role": "user", "content": "What is 12 + 30?"}]

models = client.models.list()
assert [model.id for model in models] == ["demo"], models
assert client.models.retrieve("demo").owned_by == "viva"
assert client.models.retrieve(SESSION).id == "demo"

answer = client.chat.completions.create(model="demo", messages=question, temperature=0)
assert answer.id.startswith("cmpl_") and answer.model == "demo", answer
assert answer.choices[0].finish_reason == "stop", answer
assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens

stream = client.chat.completions.create(
    model=SESSION, messages=question, temperature=0, stream=True, stream_options={"include_usage": True}
)
chunks = list(stream)
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert text == answer.choices[0].message.content, (text, answer)
assert chunks[-1].usage.completion_tokens == answer.usage.completion_tokens, chunks[-1]
# The same question again: the stream tells too what was computed before.
assert chunks[-1].usage.prompt_tokens_details.cached_tokens > 0, chunks[-1]

plain = client.completions.create(model="demo", prompt="Once", max_tokens=5, temperature=0)
assert plain.object == "text_completion" and plain.choices[0].text is not None
assert "".join(part.choices[0].text for part in client.completions.create(
    model="demo", prompt="Once", max_tokens=5, temperature=0, stream=True) if part.choices) == plain.choices[0].text

several = client.chat.completions.create(
    model="demo", messages=question, n=2, logprobs=True, top_logprobs=2, max_tokens=4, temperature=0
)
assert len(several.choices) == 2 and len(several.choices[0].logprobs.content) >= 1
assert several.choices[0].message.content == several.choices[1].message.content

stopped = client.chat.completions.create(model="demo", messages=question, temperature=0, stop=["="])
assert "=" not in stopped.choices[0].message.content and stopped.choices[0].finish_reason == "stop"

schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
shaped = client.chat.completions.create(
    model="demo", messages=question, temperature=0, max_tokens=60,
    response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
)
if shaped.choices[0].finish_reason == "stop":
    assert isinstance(json.loads(shaped.choices[0].message.content)["n"], int)

nothing = client.chat.completions.create(model="demo", messages=question, max_tokens=0)
assert nothing.choices[0].message.content == "" and nothing.choices[0].finish_reason == "length"


def refused(kind, **more):
    arguments = {"model": "demo", "messages": question} | more
    try:
        client.chat.completions.create(**arguments)
    except kind as error:
        return error
    raise AssertionError(f"{more} was not refused")


assert refused(openai.BadRequestError, temperature=2.1).code == "parameter_out_of_range"
assert refused(openai.BadRequestError, messages=[{"role": "user", "content": "a " * 20000}]).code == "context_length_exceeded"
assert refused(openai.NotFoundError, model="gpt-4").code == "model_not_found"
client.api_key = "vses_wrong"
assert refused(openai.AuthenticationError).code == "unauthorized"

user = openai.OpenAI(base_url=BASE, api_key=os.environ["VIVA_TEST_USER_TOKEN"])
assert SESSION in [model.id for model in user.models.list()]
assert user.chat.completions.create(model=SESSION, messages=question, temperature=0).choices[0].message.content == text
client = user
assert refused(openai.NotFoundError, model="demo").code == "model_not_found"

# After the stop: a conflict that is not repeated.
import requests  # noqa: E402

headers = {"Authorization": f"Bearer {os.environ['VIVA_TEST_USER_TOKEN']}"}
requests.post(f"{os.environ['VIVA_TEST_URL']}/api/v1/sessions/{SESSION}/stop", headers=headers, timeout=60).raise_for_status()
assert refused(openai.ConflictError, model=SESSION).code == "session_not_running"
