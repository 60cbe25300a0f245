#!/usr/bin/env python3
"""Trains the Viva demo model from scratch and writes the two GGUF files and their card."""

import argparse
import functools
import json
import random
import time
from pathlib import Path

import jax
import jax.numpy as jnp

from viva_demo import batches, card, checkpoint, evaluate, gguf_file, model, optim, vocabulary


def arguments():
    here = Path(__file__).resolve().parent
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--out", type=Path, default=here, help="where the GGUF files and the card go")
    parse.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parse.add_argument("--steps", type=int, default=16500)
    parse.add_argument("--early", type=int, default=800, help="step of the early checkpoint")
    parse.add_argument("--cooldown", type=float, default=0.3, help="share of the steps with a falling rate")
    parse.add_argument("--rate", type=float, default=0.012)
    parse.add_argument("--width", type=int, default=128)
    parse.add_argument("--layers", type=int, default=5)
    parse.add_argument("--row-tokens", type=int, default=2048, help="tokens of a batch")
    parse.add_argument("--save-every", type=int, default=100)
    parse.add_argument("--examples", type=int, default=300, help="held-out examples per task")
    parse.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parse.add_argument("--publish-only", action="store_true", help="train no further, use what is stored")
    return parse.parse_args()


def rate_at(step, args):
    """Warm-up, flat, then linear to zero."""
    cooling = args.steps * args.cooldown
    left = (args.steps - step) / cooling if cooling else 1.0
    return args.rate * min(1.0, (step + 1) / 50, max(left, 0.01))


# From this step on: the share of drills, and of tasks on words among them.
DRILLS = [(0, 0.35, 0.0), (900, 0.35, 0.55), (1700, 0.2, 0.5), (3500, 0.12, 0.7)]


def batch_at(step, args, tokenizer):
    """The batch of a step depends on its number alone. Every eighth batch is long."""
    rng = random.Random(step)
    share, orders = [stage[1:] for stage in DRILLS if stage[0] <= step][-1]
    length = 1024 if step % 8 == 7 else 256
    return batches.batch(tokenizer, rng, args.row_tokens // length, length, share, orders)


def train(args, tokenizer, config):
    params = jax.tree.map(jnp.asarray, model.init(config, seed=1))
    state = optim.init(params)
    first, seconds = 0, 0.0
    latest = args.work / "latest.npz"
    if args.resume and latest.exists():
        stored = checkpoint.load(latest, params=params, state=state, progress=(0, 0.0))
        params, state = jax.tree.map(jnp.asarray, (stored["params"], stored["state"]))
        first, seconds = int(stored["progress"][0]), float(stored["progress"][1])

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step_on(params, state, rate, tokens, documents, weights):
        loss, grads = jax.value_and_grad(model.loss)(params, config, tokens, documents, weights)
        params, state = optim.update(params, grads, state, rate, rate * 0.25)
        return params, state, loss

    started, losses = time.time() - seconds, []
    for step in range(first, args.steps):
        batch = batch_at(step, args, tokenizer)
        params, state, loss = step_on(params, state, rate_at(step, args), *batch)
        losses.append(loss)
        done = step + 1
        if done % args.save_every == 0 or done in (args.early, args.steps):
            took = time.time() - started
            print(f"step {done} loss {sum(map(float, losses)) / len(losses):.4f} seconds {took:.0f}", flush=True)
            losses = []
            checkpoint.save(str(latest), params=params, state=state, progress=(done, took))
            if done == args.early:
                checkpoint.save(str(args.work / "early.npz"), params=params, progress=(done, took))
    checkpoint.save(str(args.work / "final.npz"), params=params,
                    progress=(args.steps, time.time() - started))


def publish(args, tokenizer, config):
    """GGUF files, accuracy.json and MODEL_CARD.md from the stored checkpoints."""
    shape = model.init(config, seed=1)
    report = {"parameters": int(model.parameter_count(shape)), "vocabulary": config.vocab,
              "width": config.width, "layers": config.layers, "heads": config.heads, "hidden": config.hidden,
              "context": config.context, "batch_tokens": args.row_tokens, "checkpoints": {}}
    for version in ("early", "final"):
        path = args.work / f"{version}.npz"
        stored = checkpoint.load(path if path.exists() else args.work / "latest.npz", params=shape, progress=(0, 0.0))
        gguf_file.write(str(args.out / f"demo-{version}.gguf"), stored["params"], config, tokenizer, version)
        table = evaluate.accuracy(stored["params"], tokenizer, config, args.examples)
        report["checkpoints"][version] = {"steps": int(stored["progress"][0]),
                                          "minutes": round(float(stored["progress"][1]) / 60), "tasks": table}
    (args.out / "accuracy.json").write_text(json.dumps(report, indent=1) + "\n")
    (args.out / "MODEL_CARD.md").write_text(card.text(report))


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    tokenizer = vocabulary.build()
    config = model.Config(vocab=len(tokenizer.tokens), width=args.width, layers=args.layers,
                          heads=args.width // 32, hidden=3 * args.width, context=1024)
    if not args.publish_only:
        train(args, tokenizer, config)
    publish(args, tokenizer, config)


if __name__ == "__main__":
    main()
