"""Muon for the stacked matrices, Adam for embeddings and norms."""

import jax
import jax.numpy as jnp


def orthogonalise(stack):
    """Newton-Schulz iteration towards the nearest orthogonal matrix, per layer."""
    tall = stack.shape[-2] > stack.shape[-1]
    x = jnp.swapaxes(stack, -1, -2) if tall else stack
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(5):
        gram = x @ jnp.swapaxes(x, -1, -2)
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return jnp.swapaxes(x, -1, -2) if tall else x


def init(params):
    zeros = lambda: jax.tree.map(jnp.zeros_like, params)
    return {"m": zeros(), "v": zeros(), "step": jnp.zeros((), jnp.int32)}


def update(params, grads, state, muon_rate, adam_rate, decay=0.01, momentum=0.95):
    step = state["step"] + 1

    def one(p, g, m, v):
        if p.ndim == 3:
            m = momentum * m + g
            turn = orthogonalise(g + momentum * m)
            scale = max(1.0, p.shape[-1] / p.shape[-2]) ** 0.5
            return p * (1 - muon_rate * decay) - muon_rate * scale * turn, m, v
        m = 0.9 * m + 0.1 * g
        v = 0.98 * v + 0.02 * g * g
        m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.98**step)
        return p - adam_rate * m_hat / (jnp.sqrt(v_hat) + 1e-9), m, v

    leaves, tree = jax.tree.flatten(params)
    triples = [
        one(*parts)
        for parts in zip(leaves, tree.flatten_up_to(grads), tree.flatten_up_to(state["m"]),
                         tree.flatten_up_to(state["v"]))
    ]
    new = [tree.unflatten([t[i] for t in triples]) for i in range(3)]
    return new[0], {"m": new[1], "v": new[2], "step": step}
