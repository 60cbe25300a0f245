"""A small Llama: RMSNorm, rotary attention, SwiGLU, tied embeddings.

Matrices of all layers are stacked on the first axis and stored [in, out].
Rotary pairs are adjacent dimensions (2i, 2i+1), the order GGUF's `llama` expects.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Config:
    vocab: int
    width: int = 128
    layers: int = 6
    heads: int = 4
    hidden: int = 384
    context: int = 1024
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.width // self.heads


def init(config, seed):
    rng = np.random.default_rng(seed)
    width, hidden, layers = config.width, config.hidden, config.layers

    def matrix(rows, cols, scale=1.0):
        values = rng.standard_normal((layers, rows, cols)) * scale * rows**-0.5
        return values.astype(np.float32)

    out_scale = (2 * layers) ** -0.5
    return {
        "embed": (rng.standard_normal((config.vocab, width)) * 0.05).astype(np.float32),
        "norm": np.ones(width, np.float32),
        "blocks": {
            "attn_norm": np.ones((layers, width), np.float32),
            "q": matrix(width, width),
            "k": matrix(width, width),
            "v": matrix(width, width),
            "o": matrix(width, width, out_scale),
            "ffn_norm": np.ones((layers, width), np.float32),
            "gate": matrix(width, hidden),
            "up": matrix(width, hidden),
            "down": matrix(hidden, width, out_scale),
        },
    }


def rms_norm(x, weight, eps):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * weight


def rope_tables(config, length):
    half = config.head_dim // 2
    freqs = config.rope_base ** (-np.arange(half) / half)
    angles = np.arange(length)[:, None] * freqs[None, :]
    return jnp.asarray(np.cos(angles), jnp.float32), jnp.asarray(np.sin(angles), jnp.float32)


def rotate(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = cos[:, None, :], sin[:, None, :]
    turned = jnp.stack([even * cos - odd * sin, even * sin + odd * cos], -1)
    return turned.reshape(x.shape)


def hidden_states(params, config, tokens, documents):
    """`documents` numbers the conversation each token belongs to: none sees another."""
    batch, length = tokens.shape
    cos, sin = rope_tables(config, length)
    causal = jnp.tril(jnp.ones((length, length), bool))
    mask = causal[None] & (documents[:, :, None] == documents[:, None, :])
    bias = jnp.where(mask, 0.0, -1e9)[:, None]
    shape = (batch, length, config.heads, config.head_dim)

    def block(x, w):
        y = rms_norm(x, w["attn_norm"], config.eps)
        q = rotate((y @ w["q"]).reshape(shape), cos, sin) * config.head_dim**-0.5
        k = rotate((y @ w["k"]).reshape(shape), cos, sin)
        v = (y @ w["v"]).reshape(shape)
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) + bias
        mixed = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores, -1), v)
        x = x + mixed.reshape(x.shape) @ w["o"]
        y = rms_norm(x, w["ffn_norm"], config.eps)
        return x + (jax.nn.silu(y @ w["gate"]) * (y @ w["up"])) @ w["down"]

    x = params["embed"][tokens.reshape(-1)]
    for layer in range(config.layers):
        x = block(x, {name: stack[layer] for name, stack in params["blocks"].items()})
    return rms_norm(x, params["norm"], config.eps).reshape(batch, length, -1)


def logits(params, config, tokens, documents):
    return hidden_states(params, config, tokens, documents) @ params["embed"].T


def loss(params, config, tokens, documents, weights):
    """Mean cross-entropy of the next token where `weights` is 1 (assistant's tokens)."""
    scores = logits(params, config, tokens[:, :-1], documents[:, :-1])
    targets, weights = tokens[:, 1:], weights[:, 1:]
    chosen = jnp.take_along_axis(scores, targets[..., None], -1)[..., 0]
    losses = jax.nn.logsumexp(scores, -1) - chosen
    return jnp.sum(losses * weights) / jnp.maximum(jnp.sum(weights), 1.0)


def parameter_count(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))
