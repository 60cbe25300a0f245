"""Clients: streaming chats, measured as a client sees them."""

import asyncio
import json
import threading
import time

import aiohttp


class Seen:
    """What one request came to."""

    def __init__(self):
        self.first = None  # Seconds to the first text.
        self.tokens = 0
        self.cached = None
        self.prompt = 0
        self.error = None


BACKGROUND = {"x-viva-priority": "background"}


async def chat(http, endpoint, messages, tokens, headers=None):
    """Streams one chat to its `[DONE]`."""
    base, key, model = endpoint
    body = {"model": model, "messages": messages, "max_tokens": tokens, "temperature": 0.8, "ignore_eos": True,
            "stream": True, "stream_options": {"include_usage": True}}
    seen, done, began = Seen(), False, time.perf_counter()
    try:
        headers = {"Authorization": f"Bearer {key}", **(headers or {})}
        async with http.post(f"{base}/chat/completions", json=body, headers=headers) as got:
            if got.status != 200:
                seen.error = f"{got.status}: {(await got.text())[:200]}"
                return seen
            async for line in got.content:
                if not line.startswith(b"data: "):
                    continue
                if line.startswith(b"data: [DONE]"):
                    done = True
                    break
                event = json.loads(line[6:])
                if event.get("error"):
                    seen.error = str(event["error"])[:200]
                if event.get("choices") and event["choices"][0]["delta"].get("content") and seen.first is None:
                    seen.first = time.perf_counter() - began
                if event.get("usage"):
                    usage = event["usage"]
                    seen.tokens, seen.prompt = usage["completion_tokens"], usage["prompt_tokens"]
                    seen.cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
        seen.error = repr(error)[:200]
    if not done and seen.error is None:
        seen.error = "the stream ended without [DONE]"
    return seen


def session():
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=180), read_bufsize=1 << 20)


async def _load(endpoint, clients, requests, tokens, seed, headers):
    async with session() as http:
        free = asyncio.Semaphore(clients)

        async def one(number):
            async with free:
                # Each request has a beginning of its own: neither side can reuse another's prompt.
                words = " ".join(f"word{(seed * 7919 + number * 31 + i) % 9973}" for i in range(16))
                return await chat(http, endpoint, [{"role": "user", "content": words}], tokens, headers)

        began = time.perf_counter()
        seen = await asyncio.gather(*(one(number) for number in range(requests)))
        return seen, time.perf_counter() - began


def load(endpoint, clients, requests, tokens, seed, headers=None):
    """Tokens per second over the whole load, and the errors."""
    seen, seconds = asyncio.run(_load(endpoint, clients, requests, tokens, seed, headers))
    errors = [one.error for one in seen if one.error]
    return sum(one.tokens for one in seen) / seconds, errors


def turn(endpoint, messages, tokens):
    """One request alone."""
    async def one():
        async with session() as http:
            return await chat(http, endpoint, messages, tokens)

    return asyncio.run(one())


class Background:
    """Background work on a thread of its own that keeps `clients` requests at the engine until it is ended."""

    def __init__(self, endpoint, clients, tokens):
        self.endpoint, self.clients, self.tokens = endpoint, clients, tokens
        self.errors = []
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.ended = threading.Event()

    async def _run(self):
        async with session() as http:
            await asyncio.gather(*(self._client(http, number) for number in range(self.clients)))

    async def _client(self, http, number):
        while not self.ended.is_set():
            words = " ".join(f"word{(number * 211 + i) % 9973}" for i in range(16))
            number += self.clients
            seen = await chat(http, self.endpoint, [{"role": "user", "content": words}], self.tokens, BACKGROUND)
            if seen.error:
                self.errors.append(seen.error)
                await asyncio.sleep(0.1)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        """Returns once the requests under way have ended."""
        self.ended.set()
        self.thread.join()
