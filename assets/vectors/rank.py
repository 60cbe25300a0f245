"""Makes crates/docs/src/ask/weights.rs: how much each feature of a section counts, and each sign that there is an answer.

1. Sections: the questions of docs/questions.toml that are there to tune by are measured against all sections (the example
   `features` of the crate docs). The weights make the sections that answer likely among the others (softmax over
   sections; of several that answer, any), with a penalty on their squares. Five times, a fifth of the questions is left
   out: what is printed is how often a section that answers is first, and among the first five, of those left out.
2. Doubt: a logistic regression over the same questions, those that have no answer counting DOUBT times, so that what is
   told is that there is an answer from one half on. It is printed how many of the questions left out are answered, and
   refused.

Run it after `train.py`, or after many ways to ask, sections or questions were added:

    cargo build -p docs --examples && python assets/vectors/rank.py && cargo fmt -p docs

Questions that are held to measure by are not looked at.
"""

import argparse
import json
import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent.parent
ASK = ROOT / "crates/docs/src/ask"
#: Penalties on the squares of the weights of standardised features.
SECTIONS, SURE = 3e-3, 1e-3
#: How much more a question without an answer counts.
DOUBT = 2.3
FOLDS = 5


def measured(program: Path, sets: list[str]) -> list[dict]:
    """The questions with what the program measures of them."""
    questions = tomllib.loads((ROOT / "docs/questions.toml").read_text())["question"]
    questions = [question for question in questions if question["set"] in sets]
    lines = [json.dumps({"text": q["text"], "page": q.get("page"), "sections": q.get("sections", [])}) for q in questions]
    told = subprocess.run([program], input="\n".join(lines), capture_output=True, text=True, check=True).stdout
    return [question | json.loads(line) for question, line in zip(questions, told.splitlines(), strict=True)]


def packed(questions: list[dict]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features, which sections answer, and which places hold a section; each by question."""
    most = max(len(question["measured"]) for question in questions)
    count = len(questions[0]["measured"][0][1])
    features, answers = np.zeros((len(questions), most, count), np.float32), np.zeros((len(questions), most), bool)
    there = np.zeros((len(questions), most), bool)
    for number, question in enumerate(questions):
        for place, (section, values) in enumerate(question["measured"]):
            features[number, place], there[number, place] = values, True
            answers[number, place] = section in question["sections"]
    return torch.tensor(features), torch.tensor(answers), torch.tensor(there)


def minimised(loss, count: int) -> torch.Tensor:
    weights = torch.zeros(count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=500, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(weights)
        value.backward()
        return value

    optimizer.step(step)
    return weights.detach()


def section_weights(features: torch.Tensor, answers: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    asked = answers.any(1)
    features, answers, there = features[asked], answers[asked], there[asked]
    scale = features[there].std(0) + 1e-6

    def loss(weights: torch.Tensor) -> torch.Tensor:
        likely = torch.log_softmax((features / scale @ weights).masked_fill(~there, -1e9), 1)
        return -torch.logsumexp(likely.masked_fill(~answers, -1e9), 1).mean() + SECTIONS * weights.square().sum()

    return minimised(loss, features.shape[2]) / scale


def sure_weights(signs: torch.Tensor, has_answer: torch.Tensor) -> torch.Tensor:
    """The last sign is 1 and is not penalised."""
    middle, scale = signs[:, :-1].mean(0), signs[:, :-1].std(0) + 1e-6
    standard = (signs[:, :-1] - middle) / scale
    by = torch.where(has_answer, 1.0, DOUBT)

    def loss(weights: torch.Tensor) -> torch.Tensor:
        sums = standard @ weights[:-1] + weights[-1]
        wrong = torch.nn.functional.binary_cross_entropy_with_logits(sums, has_answer.float(), weight=by)
        return wrong + SURE * weights[:-1].square().sum()

    weights = minimised(loss, signs.shape[1])
    slopes = weights[:-1] / scale
    return torch.cat([slopes, (weights[-1] - slopes @ middle)[None]])


def left_out(count: int):
    order = np.random.default_rng(0).permutation(count)
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        yield np.setdiff1d(order, out), out


def report(data, signs: torch.Tensor, has_answer: torch.Tensor) -> None:
    features, answers, there = data
    first, among = [], []
    for kept, out in left_out(len(features)):
        scores = features[out] @ section_weights(features[kept], answers[kept], there[kept])
        order = scores.masked_fill(~there[out], -1e9).argsort(1, descending=True)
        found = answers[out].gather(1, order)
        first.append(found[:, 0].float().mean())
        among.append(found[:, :5].any(1).float().mean())
    answered = torch.zeros(len(signs), dtype=torch.bool)
    for kept, out in left_out(len(signs)):
        answered[out] = signs[out] @ sure_weights(signs[kept], has_answer[kept]) > 0
    print(f"of questions left out: first {np.mean(first):.3f}, among five {np.mean(among):.3f}, ", end="")
    print(f"answered {answered[has_answer].float().mean():.3f}, refused {(~answered[~has_answer]).float().mean():.3f}")


def write(names: list[str], sections: torch.Tensor, sure: torch.Tensor) -> None:
    lines = "".join(f"    {weight:.3f}, // {name}\n" for name, weight in zip(names, sections.tolist(), strict=True))
    signs = "".join(f"    {weight:.3f},\n" for weight in sure.tolist())
    (ASK / "weights.rs").write_text(
        "//! What the features of a section, and the signs that there is an answer, count. Made by `assets/vectors/rank.py`.\n\n"
        "/// How much likelier a section is by one more of each feature, as a logarithm.\n"
        f"pub(crate) const WEIGHTS: &[f32] = &[\n{lines}];\n\n"
        "/// How much likelier it is that there is an answer, by one more of each sign, as a logarithm.\n"
        f"pub(crate) const SURE: &[f32] = &[\n{signs}];\n"
    )


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--program", type=Path, default=ROOT / "target/debug/examples/features")
    parse.add_argument("--sets", default="tune", help="comma-separated")
    arguments = parse.parse_args()
    torch.manual_seed(0)
    # The signs of doubt are of the section that is found first, which the weights decide.
    for _ in range(1):
        questions = measured(arguments.program, arguments.sets.split(","))
        data = packed([question for question in questions if question["kind"] != "unanswerable"])
        signs = torch.tensor([question["sure"] for question in questions])
        has_answer = torch.tensor([question["kind"] != "unanswerable" for question in questions])
        report(data, signs, has_answer)
        source = (ASK / "features.rs").read_text()
        names = re.findall(r"^    ([A-Z]\w+),$", source[source.index("features! {\n") : source.index("const COUNT")], re.M)
        write(names, section_weights(*data), sure_weights(signs, has_answer))
        #subprocess.run(["cargo", "build", "-q", "-p", "docs", "--examples"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
