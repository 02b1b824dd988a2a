"""A Hugging Face model: batches are dictionaries, and the model computes its loss itself.

    pip install transformers
    lrgui find examples/tasks/hugging_face.py

No `loss` is needed: batches go in whole, and the output's `loss` is taken. The model is a tiny DistilBERT with fresh
weights, so that nothing is downloaded; with `from_pretrained` it would be yours. Data: sentences of a toy language
that say whether somebody liked a film.
"""

from __future__ import annotations

import random

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import DistilBertConfig, DistilBertForSequenceClassification

name = "film reviews"
defaults = {"batch_size": 16, "start_lr": 1e-6, "end_lr": 0.1, "steps": 120}

GOOD = ["wonderful", "warm", "brilliant", "moving", "funny"]
BAD = ["dull", "slow", "clumsy", "cold", "empty"]
OTHER = ["the", "film", "was", "a", "story", "about", "music", "and", "its", "actor", "seemed", "very", "rather"]
WORDS = {word: number for number, word in enumerate(["[PAD]", "[CLS]", *GOOD, *BAD, *OTHER])}


def model(layers: int = 2, size: int = 64) -> nn.Module:
    """A classifier of two labels."""
    config = DistilBertConfig(
        vocab_size=len(WORDS), n_layers=layers, dim=size, n_heads=4, hidden_dim=2 * size, max_position_embeddings=16
    )
    return DistilBertForSequenceClassification(config)


def train_loader(batch_size: int) -> DataLoader:
    """1,600 reviews."""
    return DataLoader(reviews(1600, seed=0), batch_size, shuffle=True, drop_last=True, collate_fn=together)


def val_loader(batch_size: int) -> DataLoader:
    """400 others."""
    return DataLoader(reviews(400, seed=1), batch_size, collate_fn=together)


def optimizer(params, lr: float) -> torch.optim.Optimizer:
    """As the library's own scripts do."""
    return torch.optim.AdamW(params, lr=lr, weight_decay=0.01)


def metrics(output: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    """`output` is what the model puts out: its logits."""
    return {"accuracy": (output.argmax(dim=1) == target).float().mean()}


def reviews(count: int, seed: int) -> list[tuple[list[int], int]]:
    """Sentences of 6 to 11 words, of which three or more tell."""
    draw, made = random.Random(seed), []
    for _ in range(count):
        good = draw.random() < 0.5
        words = draw.choices(GOOD if good else BAD, k=3) + draw.choices(BAD if good else GOOD, k=draw.randint(0, 2))
        words += draw.choices(OTHER, k=draw.randint(3, 6))
        draw.shuffle(words)
        made.append(([WORDS["[CLS]"], *(WORDS[word] for word in words)], int(good)))
    return made


def together(batch: list[tuple[list[int], int]]) -> dict[str, torch.Tensor]:
    """Fill up to the longest sentence, as a data collator does."""
    longest = max(len(numbers) for numbers, _ in batch)
    filled = torch.tensor([numbers + [0] * (longest - len(numbers)) for numbers, _ in batch])
    return {
        "input_ids": filled,
        "attention_mask": (filled != 0).long(),
        "labels": torch.tensor([label for _, label in batch]),
    }
