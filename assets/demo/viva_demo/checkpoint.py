"""Parameters and optimiser state on disk."""

import os

import jax
import numpy as np


def save(path, **trees):
    leaves = {f"{name}{index}": np.asarray(leaf) for name, tree in trees.items()
              for index, leaf in enumerate(jax.tree.leaves(tree))}
    np.savez(path + ".part.npz", **leaves)
    os.replace(path + ".part.npz", path)


def load(path, **like):
    """The trees stored at `path`, shaped like the ones given."""
    with np.load(path) as stored:
        return {name: jax.tree.unflatten(jax.tree.structure(tree),
                                         [stored[f"{name}{i}"] for i in range(len(jax.tree.leaves(tree)))])
                for name, tree in like.items()}
