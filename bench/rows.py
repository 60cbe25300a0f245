"""The rows of the table: each function measures some and returns them."""

import json
import os
import re
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import beside
import load
import random_gguf
import running
from rig import Failed, LlamaServer, Viva, memory, processes

PARALLEL, CONTEXT = 8, 2048
TOKENS = 64
MB = 1e6


@dataclass
class Row:
    """One line of the table. `met` is unknown where there is nothing to compare with."""

    row: str
    aim: str
    viva: str
    peer: str = "-"
    ratio: float | None = None
    met: bool | None = None
    runs: dict = field(default_factory=dict)

    def as_json(self):
        return asdict(self)


@dataclass
class Bench:
    """What the rows are measured with."""

    viva: Path
    examples: Path
    llama: Path | None
    model: Path
    work: Path
    rounds: int
    scale: float

    def say(self, text):
        print(f"  {text}", flush=True)

    def example(self, name, *arguments, patience=600, **env):
        """The output of one of the Rust measurements."""
        program = self.examples / name
        if not program.exists():
            raise Failed(f"{name} is not built")
        done = subprocess.run([str(part) for part in (program, *arguments)], capture_output=True, text=True,
                              timeout=patience, env={**os.environ, **env})
        if done.returncode:
            raise Failed(f"{name}: {done.stderr.strip()[-400:]}")
        return done.stdout


def pairs(bench, sides, rounds=None, warm_up=0):
    """Runs the sides in turn, who goes first changing each round; the results by side."""
    results = {name: [] for name in sides}
    for number in range(-warm_up, rounds or bench.rounds):
        names = list(sides) if number % 2 else list(reversed(sides))
        for name in names:
            result = sides[name](number)
            if number >= 0:
                results[name].append(result)
    return results


def alone(sides, peer):
    """The sides, Viva's with the peer halted: after requests that it lost, llama-server may go on computing."""
    def ours(number):
        with peer.child.halted():
            return sides["viva"](number)

    return {**sides, "viva": ours} if peer else sides


def ratio(viva, peer):
    """The median of the rounds' ratios: what disturbs a whole round disturbs both sides of it."""
    return median(a / b for a, b in zip(viva, peer)) if viva and peer else None


def start(bench):
    """From the request to Running, against from exec to healthy."""
    viva = Viva(bench.viva, bench.work)
    try:
        model = viva.add_model(bench.model, "start")

        def ours(_):
            began = time.perf_counter()
            session = viva.running(model, parallel=PARALLEL, context_length=CONTEXT)
            took = time.perf_counter() - began
            viva.delete(session)
            return took * 1e3

        def theirs(_):
            began = time.perf_counter()
            server = LlamaServer(bench.llama, bench.work, bench.model, PARALLEL, PARALLEL * CONTEXT)
            try:
                server.wait()
                return (time.perf_counter() - began) * 1e3
            finally:
                server.end()

        sides = {"viva": ours, **({"peer": theirs} if bench.llama else {})}
        seen = pairs(bench, sides, warm_up=1)
    finally:
        viva.end()
    ours, theirs = median(seen["viva"]), median(seen["peer"]) if bench.llama else None
    return [Row("create to Running, 135M", "<= peer + 20 ms", f"{ours:.0f} ms",
                f"{theirs:.0f} ms" if theirs else "-", ours / theirs if theirs else None,
                ours <= theirs + 20 if theirs else None, seen)]


def generation(bench):
    """Streams of 64 tokens: tokens per second at 1, 4 and 8 clients, nothing lost at 64."""
    viva, peer = Viva(bench.viva, bench.work), None
    try:
        session = viva.running(viva.add_model(bench.model, "generation"), parallel=PARALLEL, context_length=CONTEXT)
        ends = {"viva": viva.endpoint(session)}
        if bench.llama:
            peer = LlamaServer(bench.llama, bench.work, bench.model, PARALLEL, PARALLEL * CONTEXT).wait()
            ends["peer"] = peer.endpoint()
        rows = []
        for clients, requests, aim in ((1, 4, 1.0), (4, 12, 1.2), (8, 24, 1.2)):
            rows.append(_rate(bench, _sides(ends, peer, clients, requests), clients, aim))
            bench.say(f"{rows[-1].row}: {rows[-1].viva}, {rows[-1].peer}")
        rows.append(_crowd(_sides(ends, peer, 64, 64), 64))
        bench.say(f"{rows[-1].row}: {rows[-1].viva}, {rows[-1].peer}")
        return rows
    finally:
        viva.end()
        if peer:
            peer.end()


def _sides(ends, peer, clients, requests):
    """Each round asks something else, and both sides the same."""
    def side(end):
        return lambda number: load.load(end, clients, requests, TOKENS, seed=number * 64 + clients + 640)

    return alone({name: side(end) for name, end in ends.items()}, peer)


def _lost(seen):
    return {name: sum(len(errors) for _, errors in rounds) for name, rounds in seen.items()}


def _told(rates, lost):
    return f"{median(rates):.0f} tok/s" + (f", {lost} lost" if lost else "")


def _rate(bench, sides, clients, aim):
    seen = pairs(bench, sides, warm_up=1)
    rates = {name: [rate for rate, _ in rounds] for name, rounds in seen.items()}
    lost = _lost(seen)
    by = ratio(rates["viva"], rates.get("peer"))
    met = None if by is None else by >= aim and not lost["viva"]
    return Row(f"generation, {clients} client{'s' * (clients > 1)}", f">= {aim} x peer", _told(rates["viva"], lost["viva"]),
               _told(rates["peer"], lost["peer"]) if "peer" in rates else "-", by, met,
               {**rates, "lost": lost})


def _crowd(sides, clients):
    seen = pairs(None, sides, rounds=1)
    rates = {name: [rate for rate, _ in rounds] for name, rounds in seen.items()}
    lost, errors = _lost(seen), [error for _, errors in seen["viva"] for error in errors]
    return Row(f"generation, {clients} clients", "no request lost", f"{_told(rates['viva'], 0)}, {lost['viva']} lost",
               f"{_told(rates['peer'], 0)}, {lost['peer']} lost" if "peer" in rates else "-",
               ratio(rates["viva"], rates.get("peer")), lost["viva"] == 0, {**rates, "lost": lost, "errors": errors[:3]})


REPLY = "this is an answer of some words that both sides are given as what was said before"


class Conversation:
    """Grows by a turn at a time; the same on both sides."""

    def __init__(self, end, history):
        self.end = end
        self.messages = [{"role": "user", "content": history}]
        self._check(load.turn(end, self.messages, 1))

    def _check(self, seen):
        if seen.error:
            raise Failed(f"a turn failed: {seen.error}")
        return seen

    def follow_up(self, number):
        self.messages += [{"role": "assistant", "content": REPLY},
                          {"role": "user", "content": f"and now the question of number {number} of this talk"}]
        seen = self._check(load.turn(self.end, self.messages, 4))
        if seen.first is None:
            raise Failed("a follow-up turn had no text")
        return seen


def follow_up(bench):
    """Time to the first token of a follow-up turn, behind a long history."""
    context, parallel = 8192, 2
    viva, peer = Viva(bench.viva, bench.work), None
    try:
        session = viva.running(viva.add_model(bench.model, "turns"), parallel=parallel, context_length=context)
        ends = {"viva": viva.endpoint(session)}
        if bench.llama:
            peer = LlamaServer(bench.llama, bench.work, bench.model, parallel, parallel * context).wait()
            ends["peer"] = peer.endpoint()
        hundred = load.turn(ends["viva"], [{"role": "user", "content": _words(100, 0)}], 1)
        per_word = hundred.prompt / 100
        if not per_word:
            raise Failed(f"a first turn failed: {hundred.error}")
        return [_turns(bench, ends, peer, history, per_word) for history in (1000, 4000, 7000)]
    finally:
        viva.end()
        if peer:
            peer.end()


def _words(count, seed):
    return " ".join(f"word{(seed + i) % 900 + 100}" for i in range(count))


def _turns(bench, ends, peer, history, per_word):
    text = _words(int(history / per_word), history)
    talks = {name: Conversation(end, text) for name, end in ends.items()}
    sides = alone({name: talk.follow_up for name, talk in talks.items()}, peer)
    seen = pairs(bench, sides, rounds=bench.rounds + 2, warm_up=1)
    first = {name: [turn.first * 1e3 for turn in turns] for name, turns in seen.items()}
    fresh = {name: median(turn.prompt - (turn.cached or 0) for turn in turns) for name, turns in seen.items()}
    by = ratio(first["viva"], first.get("peer"))
    bench.say(f"{history} tokens: prompt {seen['viva'][-1].prompt}, computed anew {fresh}")
    told = {name: f"{median(times):.0f} ms, {fresh[name]:.0f} new" for name, times in first.items()}
    return Row(f"follow-up turn, {history // 1000}k history", "<= 1.05 x peer", told["viva"], told.get("peer", "-"), by,
               None if by is None else by <= 1.05, {**first, "computed_anew": fresh})


def gateway(bench):
    """The gateway alone, before a runtime that takes 5 ms for a prompt, and before one that answers at once."""
    def measure(prompt_ms, seconds, turns):
        return json.loads(bench.example("gateway_bench", "--in", bench.work, "--rounds", min(bench.rounds, 3),
                                        "--prompt-ms", prompt_ms, "--seconds", max(1, round(seconds * bench.scale)),
                                        "--turns", max(100, round(turns * bench.scale))))
    computing, seen = measure(5, 1, 1000), measure(0, 5, 2000)
    p50, p99 = computing["added_p50_us"], computing["added_p99_us"]
    return [
        Row("gateway's addition to first token", "p50 <= 100 us, p99 <= 1 ms", f"{p50:.0f} us, {p99:.0f} us",
            met=p50 <= 100 and p99 <= 1000, runs={"computing": computing, "at_once": seen}),
        Row("durable answers, 64 connections", ">= 5000/s, p99 <= 20 ms",
            f"{seen['requests_per_second']:.0f}/s, {seen['p99_ms']:.1f} ms",
            met=seen["requests_per_second"] >= 5000 and seen["p99_ms"] <= 20 and not seen["failed"], runs=seen),
    ]


def background(bench):
    """Interactive requests beside background work that keeps every sequence busy, straight to the engine."""
    rounds = beside.first_tokens(bench)

    def first(kind, name):
        idle, loaded = ([one[side][kind] for one in rounds] for side in ("idle", "loaded"))
        by = ratio(loaded, idle)
        return Row(f"interactive beside a background load, {name}", "first token <= 1.5 x idle",
                   f"{median(loaded):.0f} ms, idle {median(idle):.0f} ms", ratio=by, met=by <= 1.5,
                   runs={"idle_ms": idle, "loaded_ms": loaded})

    rates = beside.throughput(bench)
    by = ratio(rates["background"], rates["interactive"])
    return [
        first("new", "new prompt"),
        first("turn", "follow-up turn"),
        Row("background load alone", ">= 0.95 x an interactive one", f"{median(rates['background']):.0f} tok/s",
            ratio=by, met=by >= 0.95, runs=rates),
    ]


def tasks(bench):
    """Tasks: throughput beside the same requests over the API; a large one's memory, pages and pace."""
    seen = running.rates(bench, min(bench.rounds, 3))
    by = ratio(seen["task"], seen["api"])
    large = running.large(bench, round(100_000 * bench.scale))
    grown, page = large["after_mb"] - large["before_mb"], large["page_ms"][197]
    return [
        Row("task's throughput", ">= 0.95 x the engine's own", f"{median(seen['task']):.0f} tok/s", ratio=by,
            met=by >= 0.95, runs=seen),
        Row(f"a task of {large['rows']:,} short rows", "memory flat, page p99 <= 20 ms",
            f"{grown:+.0f} MB, {page:.1f} ms, {large['done'] / large['seconds']:.0f} rows/s",
            met=grown <= 64 and page <= 20 and large["done"] == large["rows"], runs=large),
    ]


UNITS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}


def stored(bench):
    """Lists, searches and a page of history, with much stored."""
    sessions, completions = round(100_000 * bench.scale), round(1_000_000 * bench.scale)
    told = bench.example("store_bench", sessions, completions, TMPDIR=str(bench.work))
    times = {}
    for line in told.splitlines():
        found = re.match(r"(.+): p50 ([\d.]+)(\S+), p99 ([\d.]+)(\w+)", line)
        if found and not line.startswith("durable"):
            times[found[1]] = (float(found[2]) * UNITS[found[3].rstrip(",")], float(found[4]) * UNITS[found[5]])
    if not times:
        raise Failed("store_bench printed no times")
    worst, (p50, p99) = max(times.items(), key=lambda entry: entry[1][1])
    bench.say(f"slowest: {worst}, p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    return [Row(f"lists, {sessions:,} sessions, {completions:,} completions", "p99 <= 20 ms",
                f"p99 <= {p99:.1f} ms ({len(times)} kinds)", met=p99 <= 20, runs={"p50_p99_ms": times, "told": told})]


def stops(bench):
    """Scheduled stops with a scripted launcher, spread over a minute."""
    count, over = round(10_000 * bench.scale), max(5, round(60 * bench.scale))
    seen = json.loads(bench.example("stops_bench", "--in", bench.work, "--sessions", count, "--over", over))
    lost = count - seen["stopped"]
    return [Row(f"{count:,} scheduled stops over {over} s", "each within 250 ms",
                f"{seen['p50_ms']:.0f} / {seen['p99_ms']:.0f} / {seen['max_ms']:.0f} ms (p50/p99/max)"
                + (f", {lost} missing" if lost else ""),
                met=not lost and not seen["early"] and seen["max_ms"] <= 250, runs=seen)]


def footprint(bench):
    """Resident memory of the idle control plane; what a second session on one model adds beside its KV cache."""
    parallel, context = 4, 2048
    viva = Viva(bench.viva, bench.work)
    try:
        time.sleep(2)
        idle = memory(viva.child.process.pid, "Rss") / MB
        model = viva.add_model(bench.model, "footprint")
        sums, sessions = [], []
        for _ in range(2):
            sessions.append(viva.running(model, parallel=parallel, context_length=context))
            load.turn(viva.endpoint(sessions[-1]), [{"role": "user", "content": "hello"}], 4)
            time.sleep(1)
            sums.append(sum(memory(pid, "Pss") for session in sessions for pid in processes(session)))
        with_two = memory(viva.child.process.pid, "Rss") / MB
        parts = {pid: {name: memory(pid, name) / MB for name in ("Pss", "Pss_Anon", "Pss_File")}
                 for pid in processes(sessions[1])}
    finally:
        viva.end()
    kv = random_gguf.kv_bytes_per_token() * parallel * context / MB
    more = (sums[1] - sums[0]) / MB - kv
    return [
        Row("control plane, idle", "<= 40 MB resident", f"{idle:.0f} MB ({with_two:.0f} MB with 2 sessions)",
            met=idle <= 40, runs={"idle_mb": idle, "with_two_sessions_mb": with_two}),
        Row("one more session, same model", "<= 20 MB + KV cache", f"{more:.0f} MB + {kv:.0f} MB KV", met=more <= 20,
            runs={"pss_mb": [total / MB for total in sums], "kv_mb": kv, "second": parts}),
    ]


def restart(bench):
    """`kill -9` of the server under sessions: until it serves again, with all of them."""
    count = 8
    viva = Viva(bench.viva, bench.work)
    try:
        sessions = [viva.running("demo", parallel=1, context_length=256) for _ in range(count)]
        before = sorted(pid for session in sessions for pid in processes(session))
        serving, answered, adopted = [], [], []
        for number in range(bench.rounds):
            viva.kill()
            began = time.perf_counter()
            viva.start()
            found = [viva.ask("GET", f"/api/v1/sessions/{session}")["status"] for session in sessions]
            serving.append((time.perf_counter() - began) * 1e3)
            adopted.append(found.count("running"))
            seen = load.turn(viva.endpoint(sessions[number % count]), [{"role": "user", "content": "Hello!"}], 1)
            if seen.error:
                raise Failed(f"an adopted session did not answer: {seen.error}")
            answered.append((time.perf_counter() - began) * 1e3)
        after = sorted(pid for session in sessions for pid in processes(session))
    finally:
        viva.end()
    same = before == after
    return [Row(f"restart after kill -9, {count} sessions", "<= 1 s, all adopted",
                f"{median(serving):.0f} ms, {min(adopted)} adopted" + ("" if same else ", other processes"),
                met=max(serving) <= 1000 and min(adopted) == count and same,
                runs={"serving_ms": serving, "answered_ms": answered, "adopted": adopted})]


def documentation(bench):
    """Questions to the documentation: the right section, the facts, the refusals, the time. The held-out ones count."""
    seen = {name: json.loads(bench.example("questions", name)) for name in ("held", "tune")}
    held = seen["held"]

    def share(row, aim, key, of):
        value = held[key]
        return Row(f"documentation, {row}", f">= {aim:.0%}", f"{value:.1%} of {held[of]} (tuned on: {seen['tune'][key]:.1%})",
                   met=value >= aim, runs=seen if key == "right_section_first" else {})

    return [
        share("right section first", 0.95, "right_section_first", "answerable"),
        share("right section among the excerpts", 0.99, "right_section_among_the_excerpts", "answerable"),
        share("facts in the answer", 0.92, "facts_in_the_answer", "answerable"),
        share("refusals of the unanswerable", 0.90, "refused", "unanswerable"),
        Row("documentation, an answer", "p99 < 10 ms", f"p50 {held['p50_ms']:.2f} ms, p99 {held['p99_ms']:.2f} ms",
            met=held["p99_ms"] < 10, runs={"index_ms": held["index_ms"]}),
    ]


ALL = (start, generation, follow_up, background, tasks, gateway, stored, stops, footprint, restart, documentation)
