"""Sweeps by two processes, and the one of the same total batch by one."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
import torch
import torch.distributed as dist
from torch import nn

from lrgui.core.engine.team import settle, team

pytestmark = [
    pytest.mark.skipif(
        not (dist.is_available() and dist.is_gloo_available()), reason="this torch has no Gloo, by which processes talk"
    ),
    pytest.mark.usefixtures("warm_processes"),
]
RANKS = Path(__file__).with_name("ranks.py")
NAN = math.nan

needs_fsdp = pytest.mark.skipif(
    importlib.util.find_spec("torch.distributed.fsdp._fully_shard") is None, reason="this torch has no FSDP2"
)
KINDS = ["ddp", pytest.param("fsdp", marks=needs_fsdp)]
#: Where the model's kind makes a difference only to what is left behind.
HARDLY_DIFFERENT = ["ddp", pytest.param("fsdp", marks=[needs_fsdp, pytest.mark.slow])]


class Ranks:
    """Two processes of one run that wait for cases."""

    def __init__(self, folder: Path) -> None:
        self._processes = [start(folder, rank) for rank in range(2)]
        self._answers: list[queue.SimpleQueue[str]] = [queue.SimpleQueue() for _ in self._processes]
        self._folder = folder
        for process, answers in zip(self._processes, self._answers, strict=True):
            threading.Thread(target=listen, args=(process.stdout, answers), daemon=True).start()

    @property
    def alive(self) -> bool:
        return all(process.poll() is None for process in self._processes)

    def run(self, case: str, timeout: float = 120, **arguments: Any) -> list[Any]:
        """What each process answered; None for one that died."""
        for process in self._processes:
            assert process.stdin is not None
            print(json.dumps({"case": case, "args": arguments}), file=process.stdin, flush=True)
        found = []
        for rank, answers in enumerate(self._answers):
            try:
                line = answers.get(timeout=timeout)
            except queue.Empty:
                self.end()
                pytest.fail(f"rank {rank} gave no answer:\n{self.said()}")
            answer = json.loads(line) if line else {"result": None}
            if "error" in answer:
                self.end()
                pytest.fail(f"rank {rank}:\n{answer['error']}\n{self.said()}")
            found.append(answer["result"])
        return found

    def said(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("said-*")))

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(60)
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                pipe.close()


def start(folder: Path, rank: int) -> subprocess.Popen[str]:
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    with (folder / f"said-{rank}").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(RANKS), str(rank), "2", str(folder / "meeting")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": loopback},
        )


def listen(pipe: IO[str], answers: queue.SimpleQueue[str]) -> None:
    for line in pipe:
        answers.put(line)
    answers.put("")  # the process is gone


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Ranks]]:
    """One pair of processes for all cases; another one after a case that broke it."""
    pairs: list[Ranks] = []

    def pair() -> Ranks:
        if not pairs or not pairs[-1].alive:
            pairs.append(Ranks(tmp_path_factory.mktemp("ranks")))
        return pairs[-1]

    yield pair
    for one in pairs:
        one.end()


@pytest.fixture
def ranks(kept: Callable[[], Ranks]) -> Ranks:
    return kept()


@pytest.fixture
def own_ranks(tmp_path: Path) -> Iterator[Ranks]:
    """A pair for a case that leaves it unusable."""
    pair = Ranks(tmp_path)
    yield pair
    pair.end()


def test_a_single_process_is_a_team_of_one() -> None:
    alone = team()
    assert (alone.size, alone.rank, alone.leads) == (1, 0, True)
    assert alone.agree(True, False) == (True, False)
    assert alone.led(5) == 5
    loss = torch.ones((), requires_grad=True)
    assert alone.mean(loss).item() == 1 and not alone.mean(loss).requires_grad
    with alone.no_sync(nn.Linear(1, 1)):
        pass
    alone.close()
    assert not dist.is_initialized()


def test_settling_an_ordinary_model_changes_nothing() -> None:
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    assert layer.weight.grad is not None
    settle(layer)
    assert torch.equal(layer.weight.grad, torch.ones(1, 2))


def test_a_team_knows_itself_and_is_made_once(ranks: Ranks) -> None:
    assert ranks.run("facts") == [{"size": 2, "rank": r, "leads": r == 0, "same": True} for r in range(2)]


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ([[False, False], [False, False]], [False, False]),
        ([[True, False], [False, False]], [True, False]),
        ([[False, False], [False, True]], [False, True]),
        ([[True, False], [True, True]], [True, True]),
        ([[True], [False]], [True]),
    ],
)
def test_what_one_says_holds_for_all(ranks: Ranks, said: list[list[bool]], agreed: list[bool]) -> None:
    assert ranks.run("agreed", said=said) == [agreed, agreed]


def test_the_first_says_which_number_holds(ranks: Ranks) -> None:
    assert ranks.run("led", numbers=[2**62 + 1, 7]) == [2**62 + 1] * 2


def test_the_mean_is_the_same_everywhere_and_leaves_the_loss_alone(ranks: Ranks) -> None:
    for answer, own in zip(ranks.run("mean", values=[1.0, 4.0]), [1.0, 4.0], strict=True):
        assert answer == {"mean": 2.5, "dtype": "torch.float32", "grad": False, "own": own}


def test_the_mean_of_low_precision_is_taken_in_float32(ranks: Ranks) -> None:
    for answer in ranks.run("mean", values=[1.0, 1.0078125], dtype="bfloat16"):  # bfloat16 has nothing between
        assert answer["mean"] == 1.00390625
    assert [answer["dtype"] for answer in ranks.run("mean", values=[1, 2], dtype="float64")] == ["torch.float64"] * 2


def test_a_loss_that_is_not_finite_is_so_for_all(ranks: Ranks) -> None:
    assert all(math.isnan(answer["mean"]) for answer in ranks.run("mean", values=[1.0, NAN]))
    assert all(answer["mean"] == math.inf for answer in ranks.run("mean", values=[math.inf, 1.0]))


@pytest.mark.parametrize("kind", KINDS)
def test_withheld_gradients_end_as_if_they_had_travelled(ranks: Ranks, kind: str) -> None:
    with_no_sync = ranks.run("gradients", kind=kind, withheld=True)
    without = ranks.run("gradients", kind=kind, withheld=False)
    for a, b in zip(with_no_sync, without, strict=True):
        assert [pytest.approx(x, rel=1e-5, abs=1e-8) for x in a] == b


@needs_fsdp
@pytest.mark.parametrize("micro_batches", [False, True])
def test_a_sharded_model_comes_to_rest(ranks: Ranks, micro_batches: bool) -> None:
    for answer in ranks.run("settled", micro_batches=micro_batches):
        assert answer == {"gathered": True, "changed": ["gradients", "random"], "as_without": True}


def test_a_closed_team_is_replaced(ranks: Ranks) -> None:
    assert ranks.run("closed") == [[True, True]] * 2


def test_a_sweep_on_one_rank_alone_is_refused(own_ranks: Ranks) -> None:
    said, _ = own_ranks.run("alone", seconds=1)
    assert "Not all 2 processes started the sweep: call it in every process" in said


def test_a_failure_is_told_but_not_for_ever(own_ranks: Ranks) -> None:
    _, heard = own_ranks.run("told", apart=False)
    assert heard == [False, True]
    own_ranks.run("told", apart=True)  # comes back


def test_a_process_that_died_is_noticed_at_once(own_ranks: Ranks, tmp_path: Path) -> None:
    said, nothing = own_ranks.run("deserted", ready=str(tmp_path / "ready"))
    assert "Another process of this run ended" in said
    assert nothing is None


def test_a_paused_process_is_waited_for_longer_than_a_late_one(ranks: Ranks) -> None:
    assert ranks.run("waiting", seconds=3) == [[True], [True]]


def test_a_new_group_of_the_run_gets_a_new_team(ranks: Ranks) -> None:
    assert ranks.run("again") == [{"none": 1, "new": True, "agreed": [True]}] * 2


def untouched(answer: dict[str, Any]) -> bool:
    """Nothing is left of the sweep, and a training after it goes on as without it."""
    return answer["changed"] == [] and answer["as_without"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("make", "accumulation"), [("sgd", 1), ("adam", 2)])
def test_two_halves_of_each_batch_give_the_curve_of_the_whole(
    ranks: Ranks, kind: str, make: str, accumulation: int
) -> None:
    config = {"accumulation": accumulation, "clip_grad_norm": 0.5 if accumulation > 1 else None}
    whole, _ = ranks.run("swept", kind="plain", make=make, config=config)
    for half in ranks.run("swept", kind=kind, make=make, config=config):
        assert half["end"] == whole["end"] == "completed"
        assert half["lr"] == whole["lr"] and len(half["lr"]) == 24
        assert half["loss"] == pytest.approx(whole["loss"], rel=1e-5)
        assert untouched(half)


@pytest.mark.parametrize("kind", KINDS)
def test_both_see_the_same_curve_also_where_batch_norm_and_dropout_differ(ranks: Ranks, kind: str) -> None:
    one, other = ranks.run("swept", kind=kind, lively=True, config={"batches_per_lr": 2})
    assert one["loss"] == other["loss"] and len(one["loss"]) == 24
    assert one["end"] == other["end"] == "completed"
    assert untouched(one) and untouched(other)


@pytest.mark.parametrize("kind", HARDLY_DIFFERENT)
@pytest.mark.parametrize(
    ("rank", "what", "reason", "points"),
    [
        (0, "nan", "not_finite", 16),
        (1, "nan", "not_finite", 16),
        (0, "data end", "data_ended", 15),
        (1, "data end", "data_ended", 15),
        (1, "cancel", "cancelled", 15),
    ],
)
def test_what_meets_one_ends_both_at_the_same_step(
    ranks: Ranks, kind: str, rank: int, what: str, reason: str, points: int
) -> None:
    how = {"cancel": (rank, 15)} if what == "cancel" else {"trouble": (rank, 15, what)}
    one, other = ranks.run("swept", kind=kind, make="adam", lively=True, **how)
    assert one["end"] == other["end"] == reason
    assert len(one["loss"]) == len(other["loss"]) == points
    assert one["loss"][:15] == other["loss"][:15]
    assert untouched(one) and untouched(other)


@pytest.mark.parametrize(
    ("kind", "rank", "accumulation"),
    [("ddp", 0, 1), ("ddp", 1, 2), pytest.param("fsdp", 1, 2, marks=needs_fsdp)],
)
@pytest.mark.parametrize(
    ("what", "raised"), [("error", "ValueError: trouble of rank {}"), ("data error", "OSError: no disk at rank {}")]
)
def test_an_exception_of_one_ends_both_and_is_raised_there(
    ranks: Ranks, kind: str, rank: int, accumulation: int, what: str, raised: str
) -> None:
    answers = ranks.run(
        "swept", kind=kind, lively=True, config={"accumulation": accumulation}, trouble=(rank, 15, what)
    )
    failed, other = answers[rank], answers[1 - rank]
    assert failed["raised"] == raised.format(rank) and failed["end"] is None
    assert other["raised"] is None and other["end"] == "failed"
    assert "Another process of this run failed" in other["detail"]
    assert len(failed["loss"]) == len(other["loss"]) == 15 // accumulation
    assert untouched(failed) and untouched(other)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_of_one_while_it_validates_ends_both(ranks: Ranks, kind: str) -> None:
    other, failed = ranks.run("swept", kind=kind, lively=True, trouble=(1, 15, "validation error"))
    assert failed["raised"] == "ValueError: trouble of rank 1"
    assert other["end"] == "failed"
    assert failed["loss"] == other["loss"] and len(other["loss"]) == 15
    assert untouched(failed) and untouched(other)


def test_a_divergence_is_the_same_for_both(ranks: Ranks) -> None:
    one, other = ranks.run("swept", config={"end_lr": 1e3, "stop_factor": 4})
    assert one["end"] == other["end"] == "diverged"
    assert one["loss"] == other["loss"] and 10 < len(one["loss"]) < 24
    assert untouched(one) and untouched(other)


def test_a_pause_of_one_holds_both(ranks: Ranks) -> None:
    one, other = ranks.run("swept", pause=(0, 10, 2.0))
    assert one["end"] == other["end"] == "completed"
    assert one["loss"] == other["loss"]
    assert one["seconds"][-1] < other["seconds"][-1] - 0.5  # the other could not know that it was a pause


@pytest.fixture
def torchrun(tmp_path: Path) -> Iterator[Callable[..., Launched]]:
    """Starts torchrun_script.py in two processes and waits for their end; nothing of it is left behind."""
    started: list[subprocess.Popen[bytes]] = []

    def launch(*arguments: str) -> Launched:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
        command += ["--nproc-per-node", "2", "--redirects", "3", "--log-dir", str(tmp_path / "logs")]
        with (tmp_path / "torchrun").open("w") as said:
            process = subprocess.Popen(
                [*command, str(RANKS.with_name("torchrun_script.py")), str(tmp_path), *arguments],
                stdout=said,
                stderr=said,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        started.append(process)
        try:
            status = process.wait(150)
        except subprocess.TimeoutExpired:
            pytest.fail(f"torchrun did not end:\n{(tmp_path / 'torchrun').read_text()}")
        return Launched(status, tmp_path)

    yield launch
    for process in started:
        if process.poll() is None:
            process.terminate()  # passes it on to the processes that it started
            process.wait(40)


class Launched:
    """What a run by torchrun left: its status, what each process printed, and the results that they wrote."""

    def __init__(self, status: int, folder: Path) -> None:
        self.status = status
        self.printed = [
            "".join(path.read_text() for path in sorted(folder.glob(f"logs/**/{rank}/std*.log"))) for rank in range(2)
        ]
        self.results = [
            json.loads(path.read_text()) if (path := folder / f"result-{rank}.json").exists() else None
            for rank in range(2)
        ]


def test_find_lr_gives_all_the_same(ranks: Ranks) -> None:
    one, other = ranks.run("found")
    assert one == other
    assert one["end"] == "completed" and len(one["loss"]) == 60 and not one["changed"]
    assert one["printed"] == ""


@pytest.mark.slow  # three processes more; in those above `find_lr` does the same
def test_find_lr_under_torchrun_gives_all_the_same_and_the_first_reports(torchrun: Callable[..., Launched]) -> None:
    run = torchrun("fine")
    assert run.status == 0, run.printed
    one, other = run.results
    assert one == other
    assert one["end"] == "completed" and len(one["loss"]) == 60
    assert one["lr"] is not None
    assert run.printed[0] == f"lr {one['lr']}\n"
    assert run.printed[1] == ""


@pytest.mark.slow
def test_a_failure_of_one_ends_the_whole_run(torchrun: Callable[..., Launched]) -> None:
    run = torchrun("forward")
    assert run.status != 0
    assert "The sweep ended early: Another process of this run failed" in run.printed[0]
    assert "ValueError: trouble" in run.printed[1]
    assert "The sweep ended early" not in run.printed[1]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before the forward pass", "backward"])
def test_a_failure_where_the_others_wait_for_gradients_or_buffers_hangs_nobody(
    torchrun: Callable[..., Launched], where: str
) -> None:
    run = torchrun(where)
    assert run.status != 0
    assert "ValueError: trouble" in run.printed[1]
