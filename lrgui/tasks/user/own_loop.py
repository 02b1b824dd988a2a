"""Whether a Python file is a program that trains by itself, read from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

#: What only a program calls that trains: its own loop, or a trainer's.
_CALLS = ("backward", "fit", "fit_one_cycle", "fine_tune")
#: Classes whose `train` or `run` does it.
_TRAINERS = ("Trainer", "Accelerator", "create_supervised_trainer")


def trains_itself(file: Path) -> bool:
    """True for a file with a training loop, or a call of a trainer. False where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes(), file.name)
        return any(_is_of_training(node) for node in ast.walk(tree))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _is_of_training(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return (isinstance(node.func, ast.Attribute) and name in _CALLS) or name in _TRAINERS or name.endswith("Trainer")
