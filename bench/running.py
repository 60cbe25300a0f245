"""What tasks cost: their throughput beside the same requests over the API, and a large one's memory and pages."""

import time

import load
from rig import Failed, Viva, memory

ROWS, TOKENS, CLIENTS = 96, 32, 16
MB = 1e6


def run(viva, session, body, patience=1800):
    """Runs a task to its end; the task."""
    task = viva.ask("POST", f"/api/v1/sessions/{session}/tasks", body)["id"]
    until = time.monotonic() + patience
    while True:
        seen = viva.ask("GET", f"/api/v1/tasks/{task}")
        if seen["status"] in ("done", "cut", "failed"):
            return seen
        if time.monotonic() > until:
            raise Failed(f"the task is at {seen['progress']}")
        time.sleep(0.05)


def rates(bench, rounds):
    """Tokens per second of a task and of as many requests at once over the API, in turn."""
    viva = Viva(bench.viva, bench.work)
    try:
        session = viva.running(viva.add_model(bench.model, "tasks"), parallel=8, context_length=2048)
        end = viva.endpoint(session)
        seen = {"task": [], "api": []}
        for number in range(-1, rounds):
            prompts = [f"word{row + 100} and round {number} of this task" for row in range(ROWS)]
            parameters = {"max_tokens": TOKENS, "ignore_eos": True, "temperature": 0}
            began = time.perf_counter()
            task = run(viva, session, {"input": {"rows": prompts}, "parameters": parameters})
            took = time.perf_counter() - began
            if task["progress"]["done"] != ROWS:
                raise Failed(f"the task ended so: {task['progress']}, {task['reason']}")
            rate, errors = load.load(end, CLIENTS, ROWS, TOKENS, seed=90_000 + number * ROWS)
            if errors:
                raise Failed(f"requests beside the task failed: {errors[:2]}")
            if number >= 0:
                seen["task"].append(ROWS * TOKENS / took)
                seen["api"].append(rate)
        return seen
    finally:
        viva.end()


def large(bench, rows):
    """Memory of the control plane before and after a task of many short rows, the times of a page, the overhead a row."""
    viva = Viva(bench.viva, bench.work)
    try:
        session = viva.running("demo", parallel=8, context_length=256)
        viva.ask("POST", f"/api/v1/sessions/{session}/tasks", {"input": {"rows": ["2 + 2"]}})
        text = "prompt\n" + "".join(f"{row % 90} + {row // 90 % 90}\n" for row in range(rows))
        before = memory(viva.child.process.pid, "Rss") / MB
        began = time.perf_counter()
        body = {"input": {"text": text, "format": "csv"}, "parameters": {"max_tokens": 1}, "concurrency": 64}
        task = run(viva, session, body)
        took = time.perf_counter() - began
        after = memory(viva.child.process.pid, "Rss") / MB
        pages = []
        for page in range(200):
            began = time.perf_counter()
            viva.ask("GET", f"/api/v1/tasks/{task['id']}/rows?limit=50&cursor=r{page * rows // 200}")
            pages.append((time.perf_counter() - began) * 1e3)
        return {"rows": rows, "done": task["progress"]["done"], "seconds": took, "before_mb": before, "after_mb": after,
                "page_ms": sorted(pages)}
    finally:
        viva.end()
