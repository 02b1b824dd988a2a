"""The spare worker: taken, given up, replaced."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from processes import batches_of, fake_command, read, within

from lrgui.core.run_settings import SweepSettings
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess
from lrgui.runs.spare_pool import SparePool

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class TestSparePool:
    def make(self) -> ChildProcess:
        return ChildProcess(command=fake_command("batches"))

    def test_the_spare_is_taken_once(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        pool.warm()
        first, second = pool.take(), pool.take()
        assert first.pid != second.pid and first.alive and second.alive
        pool.close()
        assert first.alive, "a taken worker is the taker's"
        for child in (first, second):
            child.submit(Job(sweep=SweepSettings(steps=3)))
            assert len(batches_of(read(child))) == 3

    def test_closing_ends_the_spare_and_no_new_one_comes(self) -> None:
        made: list[ChildProcess] = []

        def make() -> ChildProcess:
            made.append(self.make())
            return made[-1]

        threads = threading.active_count()
        pool = SparePool(make=make)
        pool.warm()
        pool.close()
        pool.close()
        pool.warm()
        assert len(made) == 1 and not made[0].alive
        assert threading.active_count() <= threads  # one of an earlier test may have ended meanwhile

    def test_a_spare_that_nobody_takes_is_given_up(self) -> None:
        made: list[ChildProcess] = []

        def make() -> ChildProcess:
            made.append(self.make())
            return made[-1]

        threads = threading.active_count()
        pool = SparePool(idle_seconds=0.2, make=make)
        pool.warm()
        assert within(60, lambda: not made[0].alive)
        child = pool.take()
        assert child.alive and len(made) == 2
        child.kill()
        pool.close()
        assert within(60, lambda: threading.active_count() == threads)

    @posix
    def test_a_spare_that_died_is_replaced(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        spare = pool._spare
        assert spare is not None and spare.pid is not None
        os.kill(spare.pid, signal.SIGKILL)
        assert within(60, lambda: not spare.alive)
        child = pool.take()
        assert child.alive and child is not spare
        child.kill()
        pool.close()

    def test_another_python_takes_the_spares_place(self) -> None:
        pythons: list[str | Path | None] = []

        def make() -> ChildProcess:
            pythons.append(pool._python)
            return self.make()

        pool = SparePool("/one/python", make=make)
        pool.warm()
        first = pool._spare
        assert first is not None
        pool.use("/one/python")
        pool.warm()
        assert pool._spare is first and first.alive
        pool.use("/two/python")
        assert first.alive, "nothing is done at once"
        pool.warm()
        assert not first.alive and pythons == ["/one/python", "/two/python"]
        pool.use(None)
        child = pool.take()
        assert pythons[2:] == [None] and child.alive, "nobody gets a spare of another Python"
        child.kill()
        pool.close()

    @posix
    def test_it_is_seen_when_the_spare_is_ready(self) -> None:
        pool = SparePool(make=self.make)
        assert not pool.ready
        pool.warm()
        assert within(60, lambda: pool.ready)
        child = pool.take()
        assert not pool.ready
        child.submit(Job(sweep=SweepSettings(steps=3)))
        assert len(batches_of(read(child))) == 3, "nothing of what it said was lost"
        assert not child.has_spoken
        pool.close()

    def test_many_threads_never_get_the_same_worker(self) -> None:
        pool = SparePool(make=self.make)
        pool.warm()
        taken: list[ChildProcess] = []
        threads = [threading.Thread(target=lambda: taken.append(pool.take())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({child.pid for child in taken}) == 4
        for child in taken:
            child.kill()
        pool.close()
