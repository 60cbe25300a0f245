#!/usr/bin/env python3
"""A language model of a named shape with random weights, as GGUF: what measurements need where the text does not matter.

usage: random_gguf.py OUT [--shape 135m] [--seed 0]

Weights are Q8_0 (GGUF: blocks of 32 bytes-wide integers with one half-precision scale), norms are F32, the embedding
is tied to the output. The tokenizer knows every byte and made-up syllables; its chat template is ChatML's.
"""

import argparse
import itertools
import string
from pathlib import Path

import gguf
import numpy as np

# Width, width of the feed-forward layers, layers, heads, KV heads, vocabulary, context of training.
SHAPES = {
    "135m": (576, 1536, 30, 9, 3, 49152, 8192),
    "tiny": (64, 128, 2, 2, 1, 512, 2048),
}
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary(size):
    """Tokens, scores and types: three special ones, ChatML's two, every byte, then letters and syllables."""
    tokens = [b"<unk>", b"<s>", b"</s>", b"<|im_start|>", b"<|im_end|>"]
    types = [UNKNOWN, CONTROL, CONTROL, CONTROL, CONTROL]
    tokens += [b"<0x%02X>" % byte for byte in range(256)]
    types += [BYTE] * 256
    letters = ["\u2581", *string.ascii_lowercase]
    syllables = ("".join(s) for n in itertools.count(2) for s in itertools.product(string.ascii_lowercase, repeat=n))
    words = itertools.chain(letters, itertools.chain.from_iterable((s, "\u2581" + s) for s in syllables))
    tokens += [word.encode() for word in itertools.islice(words, size - len(tokens))]
    types += [NORMAL] * (size - len(types))
    return tokens, [-float(i) for i in range(size)], types


def q8_0(rng, rows, columns):
    """Random weights of a standard deviation of about 0.02, as rows of Q8_0 blocks."""
    blocks = columns // 32
    data = np.empty((rows, blocks, 34), np.uint8)
    data[..., :2] = np.array([0.02 / 42], np.float16).view(np.uint8)
    integers = rng.standard_normal((rows, blocks, 32), np.float32) * 42
    data[..., 2:] = np.clip(np.rint(integers), -127, 127).astype(np.int8).view(np.uint8)
    return data.reshape(rows, blocks * 34)


def write(path, shape, seed):
    width, hidden, layers, heads, kv_heads, size, context = SHAPES[shape]
    head = width // heads
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"random-{shape}")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(size)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    tokens, scores, types = vocabulary(size)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(4)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)

    def weights(name, rows, columns):
        writer.add_tensor(f"{name}.weight", q8_0(rng, rows, columns), raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    def norm(name):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))

    weights("token_embd", size, width)
    norm("output_norm")
    for layer in range(layers):
        of = f"blk.{layer}."
        norm(of + "attn_norm")
        weights(of + "attn_q", width, width)
        weights(of + "attn_k", head * kv_heads, width)
        weights(of + "attn_v", head * kv_heads, width)
        weights(of + "attn_output", width, width)
        norm(of + "ffn_norm")
        weights(of + "ffn_gate", hidden, width)
        weights(of + "ffn_up", hidden, width)
        weights(of + "ffn_down", width, hidden)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def ensure(path, shape="135m", seed=0):
    """The file, made if it is absent. A broken-off attempt leaves nothing under its name."""
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        write(partial, shape, seed)
        partial.rename(path)
    return path


def kv_bytes_per_token(shape="135m"):
    """Bytes of half-precision keys and values of one token."""
    width, _, layers, heads, kv_heads, _, _ = SHAPES[shape]
    return layers * 2 * (width // heads * kv_heads) * 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--shape", choices=SHAPES, default="135m")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write(arguments.out, arguments.shape, arguments.seed)
