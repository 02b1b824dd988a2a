"""What a training costs beside the guide's own loop: `python benchmarks/train_speed.py [--quick] [--batch N]`.

(a) a plain PyTorch loop with OneCycleLR, loss and accuracy of each epoch and a pass over the validation data, (b) the
engine, which besides looks after divergence, dead networks and gradients and tells each step, (c) the same with
*Recover* and *Early stopping*. Digits, small CNN, SGD; torch on one thread. Each round trains all of
them in turn in one process, and the rounds are compared one by one; seconds are those of the processor, so that
other programs disturb little.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from statistics import median

from harness import cores, interleaved, ratios, spread, table

VARIANTS = {"plain": "(a) the guide's loop", "engine": "(b) engine", "guarded": "(c) engine, all guards"}
EPOCHS = 8


def main() -> int:
    """Measure and print."""
    import torch

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer rounds")
    options.add_argument("--batch", type=int, default=96, help="batch size, which says how long a step takes")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    for name in VARIANTS:
        MEASURES[name](chosen.batch)  # what is done once only
    found = interleaved({name: partial(MEASURES[name], chosen.batch) for name in VARIANTS}, 6 if chosen.quick else 24)
    took = 1000 / median(found["plain"])
    print(f"{EPOCHS} epochs, batch {chosen.batch}, {took:.2f} ms a step in (a); {cores()} cores, torch on 1 thread")
    rows = [
        (label, f"{median(found[name]):.0f}", spread(found[name]), *ratios(found[name], found["plain"]))
        for name, label in VARIANTS.items()
    ]
    table(("way", "steps/s", "lowest … highest", "ratio to (a)", "paired"), rows)
    return 0


def task(batch: int):  # noqa: ANN201 (imported late, like everything here)
    """Data, model and optimizer, made anew."""
    from lrgui.tasks.build import build_task
    from lrgui.tasks.spec import TaskSpec

    return build_task(TaskSpec(device="cpu", batch_size=batch))


def plain(batch: int) -> float:
    """The loop of the guide, as people write it by hand."""
    import torch

    built = task(batch)
    model, criterion = built.model, torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    steps = EPOCHS * len(built.loader)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=steps + 1, div_factor=10)
    began, losses = time.process_time(), []
    for _epoch in range(EPOCHS):
        model.train()
        total, right, seen = 0.0, 0, 0
        for inputs, targets in built.loader:
            optimizer.zero_grad()
            output = model(inputs)
            loss = criterion(output, targets)
            loss.backward()
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
            total += losses[-1] * len(targets)
            right += (output.argmax(1) == targets).sum().item()
            seen += len(targets)
        model.eval()
        with torch.no_grad():
            for inputs, targets in built.validation:
                output = model(inputs)
                total += criterion(output, targets).item() * len(targets)
                right += (output.argmax(1) == targets).sum().item()
    return len(losses) / (time.process_time() - began)


def engine(batch: int, **settings: object) -> float:
    """The engine's generator, its events thrown away."""
    from lrgui.core.engine.train import train
    from lrgui.core.events import BatchEvent
    from lrgui.core.run_settings import TrainSettings

    built = task(batch)
    config = TrainSettings(epochs=EPOCHS, max_lr=0.01, **settings)  # type: ignore[arg-type]
    began = time.process_time()
    events = train(built.model, built.loader, built.optimizer, built.objective, config, validation=built.validation)
    count = sum(isinstance(event, BatchEvent) for event in events)
    return count / (time.process_time() - began)


MEASURES = {"plain": plain, "engine": engine, "guarded": partial(engine, recover=True, patience=5)}

if __name__ == "__main__":
    raise SystemExit(main())
