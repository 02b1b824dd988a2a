"""A model of Hugging Face's transformers: batches are dictionaries, the model computes its loss itself.

Try it:    lrgui check hugging_face.py
Sweep it:  lrgui find hugging_face.py
"""

import random

import torch
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification

name = "my transformer"
defaults = {"batch_size": 16, "start_lr": 1e-6, "end_lr": 1e-1, "steps": 100}

FILLER = ["the", "a", "this", "film", "book", "day", "was", "is", "very", "quite", "rather", "and"]
GOOD, BAD = ["fine", "lovely", "bright"], ["awful", "dull", "broken"]
WORDS = FILLER + GOOD + BAD
LONGEST = 16


# YOUR MODEL, for example:
#     AutoModelForSequenceClassification.from_pretrained("distilbert-base-uncased", num_labels=2)
# Here a tiny one with fresh weights, so that the file runs without a download.
def model(layers: int = 2, width: int = 32):
    config = BertConfig(
        vocab_size=len(WORDS) + 1,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=LONGEST,
        num_labels=2,
    )
    return BertForSequenceClassification(config)


# YOUR DATA: what your tokenizer returns, for example
#     tokenizer = AutoTokenizer.from_pretrained("distilbert-base-uncased")
#     tokenizer([text for text, _ in batch], padding=True, truncation=True, return_tensors="pt")
def sentences(count: int, seed: int):
    # MADE UP, replace: sentences that are good (1) or bad (0) by one of their words.
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        label = draw.randrange(2)
        words = [*draw.choices(FILLER, k=draw.randint(3, 9)), draw.choice(GOOD if label else BAD)]
        draw.shuffle(words)
        made.append(([WORDS.index(word) + 1 for word in words], label))
    return made


def collate(batch):
    """A dictionary by the names that the model's forward pass has; `labels` lets it compute the loss."""
    numbers = torch.zeros(len(batch), LONGEST, dtype=torch.long)
    for row, (words, _) in enumerate(batch):
        numbers[row, : len(words)] = torch.tensor(words)
    labels = torch.tensor([label for _, label in batch])
    return {"input_ids": numbers, "attention_mask": (numbers != 0).long(), "labels": labels}


def train_loader(batch_size):
    return DataLoader(sentences(400, 0), batch_size=batch_size, shuffle=True, drop_last=True, collate_fn=collate)


def val_loader(batch_size):
    return DataLoader(sentences(100, 1), batch_size=batch_size, collate_fn=collate)


# May be left out. Here `output` are the model's logits, and `target` the labels.
def metrics(output, target):
    return {"accuracy": (output.argmax(-1) == target).float().mean()}


# As the Trainer makes it: no weight decay for biases and norms. May be left out: then the form has the choice.
def optimizer(model, lr, weight_decay: float = 0.01):
    plain = [p for name, p in model.named_parameters() if "bias" in name or "LayerNorm" in name]
    decayed = [p for name, p in model.named_parameters() if "bias" not in name and "LayerNorm" not in name]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr)
