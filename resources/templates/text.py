"""Sentences and their class: words become numbers, a GRU reads them.

Try it:    lrgui check text.py
Sweep it:  lrgui find text.py
"""

import random
from collections import Counter
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

name = "my sentences"
defaults = {"batch_size": 32, "optimizer": "adamw", "start_lr": 1e-5, "end_lr": 1.0, "steps": 100}

# YOUR DATA: a text file with one example a line, its class, a tab, the sentence.
# While it is not there, made-up sentences stand in for it, so that the file runs as it is.
FILE = Path(__file__).parent / "sentences.tsv"
LONGEST = 50  # words of a sentence that are read
PADDING, UNKNOWN = 0, 1


def sentences() -> list[tuple[str, str]]:
    """Class and sentence of every example."""
    if FILE.is_file():
        lines = FILE.read_text(encoding="utf-8").splitlines()
        return [(label, text) for label, _, text in (line.partition("\t") for line in lines) if text]
    # MADE UP, replace: sentences that are good or bad by one of their words.
    draw = random.Random(0)
    words = {"good": ["fine", "lovely", "bright"], "bad": ["awful", "dull", "broken"]}
    filler = ["the", "a", "this", "film", "book", "day", "was", "is", "very", "quite", "rather", "and"]
    made = []
    for _ in range(600):
        label = draw.choice(["good", "bad"])
        text = [*draw.choices(filler, k=draw.randint(3, 9)), draw.choice(words[label])]
        draw.shuffle(text)
        made.append((label, " ".join(text)))
    return made


def prepared():
    """Every example as (numbers of its words, number of its class), the vocabulary's size, the classes."""
    pairs = sentences()
    labels = sorted({label for label, _ in pairs})
    count = Counter(word for _, text in pairs for word in text.lower().split())
    known = {word: index + 2 for index, (word, _) in enumerate(count.most_common(20_000))}
    made = []
    for label, text in pairs:
        numbers = [known.get(word, UNKNOWN) for word in text.lower().split()][:LONGEST]
        made.append((torch.tensor(numbers), labels.index(label)))
    random.Random(1).shuffle(made)
    return made, len(known) + 2, labels


def collate(batch):
    """Sentences of one batch, filled up to the longest."""
    texts, labels = zip(*batch, strict=True)
    return nn.utils.rnn.pad_sequence(list(texts), batch_first=True, padding_value=PADDING), torch.tensor(labels)


# YOUR MODEL.
class Reader(nn.Module):
    def __init__(self, vocabulary, classes, width):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.read = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.answer = nn.Linear(2 * width, classes)

    def forward(self, words):
        states, _ = self.read(self.embed(words))
        there = (words != PADDING).unsqueeze(-1)  # a mean over the words that are there
        return self.answer((states * there).sum(1) / there.sum(1).clamp(min=1))


# Arguments with defaults become fields of the form.
def model(width: int = 32):
    _, vocabulary, labels = prepared()
    return Reader(vocabulary, len(labels), width)


def train_loader(batch_size):
    examples, _, _ = prepared()
    train = examples[: len(examples) * 4 // 5]
    return DataLoader(train, batch_size=batch_size, shuffle=True, drop_last=True, collate_fn=collate)


def val_loader(batch_size):
    examples, _, _ = prepared()
    return DataLoader(examples[len(examples) * 4 // 5 :], batch_size=batch_size, collate_fn=collate)


def loss(output, target):
    return nn.functional.cross_entropy(output, target)


def metrics(output, target):
    return {"accuracy": (output.argmax(1) == target).float().mean()}
