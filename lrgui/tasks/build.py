"""From plain data to a task: builds what a `TaskSpec` names."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import DataLoader

from lrgui.core.engine.batches import length
from lrgui.core.engine.loader_state import seed_all
from lrgui.core.engine.objective import Supervised
from lrgui.core.options import filled
from lrgui.tasks.catalog import SOURCES
from lrgui.tasks.devices import pick_device
from lrgui.tasks.optimizers.optimizing import make_optimizer, named
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import BuiltTask, Data

#: Validation batches are at least this large: nothing is learned from them, so only speed counts.
VALIDATION_BATCH = 256


def build_task(spec: TaskSpec) -> BuiltTask:
    """Data, model with fresh weights, optimizer and loaders, on the device, all following from `spec.seed`.

    Seeds the generators of Python, numpy and torch. Raises ValueError, with the sentences of
    `spec.validate()`, where the spec cannot be built.
    """
    problems = spec.validate()
    if problems:
        raise ValueError(" ".join(str(problem) for problem in problems))
    device = pick_device(spec.device)
    if spec.threads is not None:
        torch.set_num_threads(spec.threads)
    seed_all(spec.seed)
    source = SOURCES[spec.source]
    if not source.models:  # the person's own code brings all of it
        return named(source.dotted)(spec, device)  # type: ignore[no-any-return]
    data: Data = named(source.dotted)(spec)
    row = source.models[spec.model]
    model = named(row.dotted)(data, filled(row.options, spec.model_options)).to(device)
    optimizer = make_optimizer(spec, model)
    loader, validation = make_loaders(spec, data, device)
    notes = data.notes
    if loader.batch_size is not None and loader.batch_size < spec.batch_size:
        notes += (f"The batch size is {loader.batch_size:,}, not {spec.batch_size:,}: there are no more examples.",)
    return BuiltTask(
        name=spec.title,
        detail=data.detail,
        model=model,
        optimizer=optimizer,
        loader=loader,
        validation=validation,
        objective=Supervised(data.criterion, data.metric),
        device=device,
        classes=data.classes,
        metric_name=data.metric_name if data.metric is not None else "",
        train_size=length(data.train) or 0,
        val_size=length(data.validation) or 0,
        notes=notes,
    )


def make_loaders(spec: TaskSpec, data: Data, device: torch.device) -> tuple[DataLoader[Any], DataLoader[Any] | None]:
    """Training batches in an order of their own generator, whole ones only, and validation batches."""
    order = torch.Generator().manual_seed(spec.seed)
    pinned = spec.pin_memory if spec.pin_memory is not None else device.type == "cuda"
    # A batch is never larger than the data: a small file of the person's has few examples, and they are enough.
    size = min(spec.batch_size, length(data.train) or spec.batch_size)
    loader: DataLoader[Any] = DataLoader(
        data.train,
        batch_size=size,
        shuffle=True,
        drop_last=True,
        generator=order,
        num_workers=spec.loader_workers,
        pin_memory=pinned and torch.accelerator.is_available() if hasattr(torch, "accelerator") else pinned,
        collate_fn=data.collate,
        multiprocessing_context="spawn" if spec.loader_workers else None,
        persistent_workers=spec.loader_workers > 0,
    )
    if data.validation is None:
        return loader, None
    large = max(spec.batch_size, VALIDATION_BATCH)
    return loader, DataLoader(data.validation, batch_size=large, pin_memory=loader.pin_memory, collate_fn=data.collate)
