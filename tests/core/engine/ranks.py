"""One process of a distributed run, for test_distributed: does what its standard input asks for, case by case.

Started as a script: `ranks.py RANK SIZE FILE`, where FILE (not there yet) is how the processes find each other.
Each line in is `{"case": name, "args": {...}}`, each line out `{"result": ...}` or `{"error": traceback}`.
"""

from __future__ import annotations

import copy
import faulthandler
import io
import json
import os
import random
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import lrgui
from lrgui.core.control import Control
from lrgui.core.engine import team as distributed
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.team import Team, settle, team
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BatchEvent, EndEvent
from lrgui.core.run_settings import SweepSettings

Batch = tuple[torch.Tensor, torch.Tensor]


def net() -> nn.Module:
    """No BatchNorm and no dropout: two halves of a batch give what the whole gives."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Sequential(nn.Linear(16, 8), nn.Tanh()), nn.Linear(8, 3))


def lively_net() -> nn.Module:
    """Buffers, and a need of random numbers."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16, momentum=0.3), nn.Dropout(0.2), nn.Linear(16, 3))


def batches(rank: int = 0, size: int = 1, count: int = 7, seed: int = 0) -> list[Batch]:
    """`count` batches of 16 examples; of each, every `size`-th example from `rank` on."""
    generator = torch.Generator().manual_seed(seed)
    whole = [
        (torch.randn(16, 6, generator=generator), torch.randint(0, 3, (16,), generator=generator)) for _ in range(count)
    ]
    return [(inputs[rank::size], targets[rank::size]) for inputs, targets in whole]


def loss(model: nn.Module, batch: Any) -> torch.Tensor:
    random.random()
    np.random.random()
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=0.003)


def place(kind: str) -> tuple[int, int]:
    """Which part of each batch this process takes: rank and size."""
    return (0, 1) if kind == "plain" else (dist.get_rank(), dist.get_world_size())


def shared(kind: str, model: nn.Module) -> nn.Module:
    """`model` as its user makes it ready for several processes: "ddp" or "fsdp"; "plain" is for one."""
    if kind == "plain":
        return model
    if kind == "ddp":
        return DistributedDataParallel(model)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for part in model:  # type: ignore[attr-defined]
        if isinstance(part, nn.Sequential):
            fully_shard(part, mesh=mesh)
    fully_shard(model, mesh=mesh)
    return model


def subject(kind: str, make: str = "sgd", lively: bool = False) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model and its optimizer with two steps behind them, random numbers of each process its own."""
    model = shared(kind, lively_net() if lively else net())
    optimizer = {"sgd": sgd, "adam": adam}[make](model)
    torch.manual_seed(dist.get_rank())
    random.seed(dist.get_rank())
    np.random.seed(dist.get_rank())
    trained(kind, model, optimizer, 2)
    return model, optimizer


def trained(kind: str, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    losses = []
    for batch in batches(*place(kind), steps, seed=9):
        optimizer.zero_grad()
        value = loss(model, batch)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses


def plain(value: Any) -> Any:
    """A copy in which sharded tensors are this process' shards."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, torch.Tensor):
        return getattr(value, "to_local", lambda: value)().detach().clone()
    return copy.deepcopy(value)


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Everything that a sweep must leave as it was."""
    python, numpy = random.getstate(), np.random.get_state()
    return {
        "model": plain(dict(model.state_dict())),
        "kinds": {name: type(p).__name__ + str(tuple(p.shape)) for name, p in model.named_parameters()},
        "gradients": {name: plain(p.grad) for name, p in model.named_parameters()},
        "modes": [module.training for module in model.modules()],
        "optimizer": plain(optimizer.state_dict()),
        "random": [str(python), str(numpy), torch.get_rng_state()],
    }


def differing(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """The parts that are not bit for bit the same."""
    return [key for key in a if not same(a[key], b[key])]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


class Trouble:
    """Something that happens in the process `rank` alone, with its batch number `at`.

    `what`: "nan" (its loss), "error" (in its model), "data error" (in its loader), "data end", "validation error".
    """

    def __init__(self, rank: int, at: int, what: str) -> None:
        self._at = at
        self._validated = what == "validation error"
        self._what = what if dist.get_rank() == rank else ""
        self._calls = 0

    def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
        value = loss(model, batch)
        if self._validated:
            return value
        now, self._calls = self._calls == self._at, self._calls + 1
        if now and self._what == "nan":
            return value * float("nan")
        if now and self._what == "error":
            raise ValueError(f"trouble of rank {dist.get_rank()}")
        return value

    def probe(self, whole: list[Batch]) -> Probe | None:
        return Probe(self._measure, whole) if self._validated else None

    def _measure(self, model: nn.Module, batch: Any) -> tuple[torch.Tensor, None]:
        value = loss(model, batch)
        now, self._calls = self._calls == self._at, self._calls + 1
        if now and self._what == "validation error":
            raise ValueError(f"trouble of rank {dist.get_rank()}")
        return value, None

    def data(self, whole: list[Batch]) -> Iterable[Batch]:
        return self._ending(whole) if self._what.startswith("data") else whole

    def _ending(self, whole: list[Batch]) -> Iterator[Batch]:
        yield from (whole * self._at)[: self._at]
        if self._what == "data error":
            raise OSError(f"no disk at rank {dist.get_rank()}")


def swept(
    kind: str = "ddp",
    make: str = "sgd",
    lively: bool = False,
    config: dict[str, Any] | None = None,
    trouble: tuple[int, int, str] = (-1, 0, ""),
    cancel: tuple[int, int] | None = None,
    pause: tuple[int, int, float] | None = None,
) -> dict[str, Any]:
    """One sweep: its points, its end, what it left changed, and whether a training goes on as without it.

    `trouble`: see there; `cancel`: the rank that is asked to stop, after so many points; `pause`: the rank that is
    held, after so many points, for how many seconds.
    """
    rank, size = place(kind)
    model, optimizer = subject(kind, make, lively)
    before = state(model, optimizer)
    control = Control()
    odd = Trouble(*trouble)
    settings = SweepSettings(**{"start_lr": 1e-4, "end_lr": 0.1, "steps": 24, "stop_factor": 0, **(config or {})})
    points: list[BatchEvent] = []
    end, raised = None, None
    running = sweep(
        model,
        odd.data(batches(rank, size)),
        optimizer,
        odd.loss,
        settings,
        control,
        probe=odd.probe(batches(rank, size, count=1)),
        team=Team() if kind == "plain" else team(),
    )
    try:
        for event in running:
            if isinstance(event, BatchEvent):
                points.append(event)
                if cancel is not None and tuple(cancel) == (rank, len(points)):
                    control.cancel()
                if pause is not None and tuple(pause[:2]) == (rank, len(points)):
                    control.pause()
                    threading.Timer(pause[2], control.resume).start()
            elif isinstance(event, EndEvent):
                end = event
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    changed = differing(before, state(model, optimizer))
    after = trained(kind, model, optimizer, 3)
    twin, twin_optimizer = subject(kind, make, lively)
    return {
        "lr": [p.lr for p in points],
        "loss": [p.loss for p in points],
        "seconds": [p.seconds for p in points],
        "end": end and end.reason,
        "detail": end and end.detail,
        "raised": raised,
        "changed": changed,
        "as_without": after == trained(kind, twin, twin_optimizer, 3)
        and not differing(state(model, optimizer), state(twin, twin_optimizer)),
    }


def found() -> dict[str, Any]:
    """A sweep by `find_lr`: what each process gets, and what it prints."""
    rank, size = place("ddp")
    model = shared("ddp", lively_net())
    before = plain(dict(model.state_dict()))
    with redirect_stdout(io.StringIO()) as out:
        result = lrgui.find_lr(
            model,
            batches(rank, size),
            optimizer=torch.optim.SGD,
            training_step=loss,
            **{"start_lr": 1e-4, "end_lr": 3.0, "steps": 60, "stop_factor": 0},
        )
    facts = {"lr": result.lr, "loss": [float(value) for value in result.curve.loss], "end": result.end.reason}
    return {**facts, "printed": out.getvalue(), "changed": not same(before, plain(dict(model.state_dict())))}


def facts() -> dict[str, Any]:
    it = team()
    return {"size": it.size, "rank": it.rank, "leads": it.leads, "same": team() is it}


def agreed(said: list[list[bool]]) -> tuple[bool, ...]:
    """`said`: the flags of each process."""
    return team().agree(*said[dist.get_rank()])


def led(numbers: list[int]) -> int:
    """`numbers`: that of each process."""
    return team().led(numbers[dist.get_rank()])


def mean(values: list[float], dtype: str = "float32") -> dict[str, Any]:
    """`values`: the loss of each process."""
    loss = torch.tensor(values[dist.get_rank()], dtype=getattr(torch, dtype), requires_grad=True)
    got = team().mean(loss)
    return {"mean": got.item(), "dtype": str(got.dtype), "grad": got.requires_grad, "own": loss.item()}


def gradients(kind: str, withheld: bool) -> list[list[float]]:
    """Each parameter's gradient after two micro-batches, where the first one is withheld or not."""
    model = shared(kind, net())
    first, last = batches(dist.get_rank(), dist.get_world_size(), 2)
    with team().no_sync(nn.ModuleList([model]) if withheld else nn.Module()):
        loss(model, first).backward()
    local = [plain(p.grad) for p in model.parameters()]
    loss(model, last).backward()
    found = [plain(p.grad) for p in model.parameters()]
    travelled = any(g is not None and differs(g) for g in local) if kind == "ddp" else local[0] is None
    assert travelled == withheld, "no_sync had no effect"
    return [g.flatten().tolist() for g in found]


def differs(tensor: torch.Tensor) -> bool:
    """True where the processes hold different numbers."""
    total = tensor.clone()
    dist.all_reduce(total)
    return not torch.allclose(total / dist.get_world_size(), tensor, atol=1e-7)


def settled(micro_batches: bool) -> dict[str, Any]:
    """A sharded model after a forward pass without its backward, or half an accumulation, and `settle`."""
    model, optimizer = subject("fsdp")
    before = state(model, optimizer)
    batch = batches(dist.get_rank(), dist.get_world_size(), 1, seed=5)[0]
    optimizer.zero_grad()
    if micro_batches:
        with team().no_sync(model):
            loss(model, batch).backward()
    loss(model, batch)
    gathered = any("DTensor" not in type(p).__name__ for p in model.parameters())
    settle(model)
    after = state(model, optimizer)
    optimizer.zero_grad()
    twin, twin_optimizer = subject("fsdp")
    losses, twin_losses = trained("fsdp", model, optimizer, 3), trained("fsdp", twin, twin_optimizer, 3)
    return {
        "gathered": gathered,
        "changed": differing(before, after),
        "as_without": losses == twin_losses and same(plain(model.state_dict()), plain(twin.state_dict())),
    }


def closed() -> list[bool]:
    first = team()
    first.close()
    first.close()
    second = team()
    return [second is not first, *second.agree(dist.get_rank() == 1)]


def alone(seconds: float) -> str:
    """Only the first process comes to the sweep."""
    distributed.GATHERING = timedelta(seconds=seconds)
    if dist.get_rank() == 0:
        return refused(team)
    return ""


def told(apart: bool) -> list[Any]:
    """One process fails; the others hear it, or wait elsewhere."""
    before, distributed.NOTICE = distributed.NOTICE, timedelta(seconds=1 if apart else 60)
    it = team()
    if it.leads:
        it.tell(False, True)
        distributed.NOTICE = before
        return []
    if apart:
        time.sleep(1.5)
        return []
    return list(it.agree(False, False))


def deserted(ready: str) -> str:
    """The second process dies while the first one waits for it, not before both are a team."""
    it = team()
    if it.leads:
        Path(ready).touch()
        return refused(it.agree, False)
    while not Path(ready).exists():
        time.sleep(0.01)
    os._exit(0)


def waiting(seconds: float) -> tuple[bool, ...]:
    """One process is longer away than the others wait for it to come."""
    team().close()
    before, distributed.GATHERING = distributed.GATHERING, timedelta(seconds=seconds)
    it = team()
    distributed.GATHERING = before
    if not it.leads:
        time.sleep(seconds + 0.5)
    said = it.agree(it.leads)
    it.close()
    return said


def again() -> dict[str, Any]:
    """The run's own group is given back, and another one made."""
    first = team()
    assert first.agree(True) == (True,)
    dist.barrier()
    dist.destroy_process_group()
    none = team()
    begin(sys.argv[3] + "-again")
    second = team()
    return {"none": none.size, "new": second is not first, "agreed": second.agree(dist.get_rank() == 1)}


def refused(call: Callable[..., Any], *arguments: Any) -> str:
    try:
        return f"no error: {call(*arguments)}"
    except RuntimeError as error:
        return str(error)


CASES: dict[str, Callable[..., Any]] = {
    case.__name__: case
    for case in (
        facts,
        agreed,
        led,
        mean,
        gradients,
        settled,
        closed,
        alone,
        told,
        deserted,
        waiting,
        again,
        swept,
        found,
    )
}


def begin(file: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{file}", rank=int(sys.argv[1]), world_size=int(sys.argv[2]))


def asked() -> Iterator[tuple[str, dict[str, Any]]]:
    for line in sys.stdin:
        faulthandler.dump_traceback_later(130, exit=True)  # whatever happens, no process is left behind
        question = json.loads(line)
        yield question["case"], question["args"]
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    torch.set_num_threads(1)
    begin(sys.argv[3])
    for case, arguments in asked():
        try:
            answer = {"result": CASES[case](**arguments)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
