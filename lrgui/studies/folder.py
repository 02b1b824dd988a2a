"""A study on disk: what it measures, the logs of its runs, and a journal that says how far it is.

    NAME/study.json      the study, and how it is computed
    NAME/plan.json       all its runs, so that it can be looked at where its task is not
    NAME/journal.jsonl   a line for every run that started, ended or was lost
    NAME/runs/*.lrrun    an ordinary log for each run
    NAME/lost/           what was measured by attempts whose worker was lost
    NAME/lock            held by the program that goes on with the study

The journal only ever grows. A line that was torn by a crash is passed over, and what a log says counts where the
journal does not: a run that had written its end before its study's program died is not made again.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from lrgui.core.settings import settings_of
from lrgui.json_file import read_json, write_json
from lrgui.runs.from_dict import from_plain
from lrgui.runs.opened import why_not_opened
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.plan import Plan, Stage, planned
from lrgui.studies.plan_file import read_plan, write_plan
from lrgui.studies.spec import StudySpec, spec_of
from lrgui.studies.stage_result import StageResult, result_of

SPEC, PLAN, JOURNAL, RUNS, LOST, LOCK = "study.json", "plan.json", "journal.jsonl", "runs", "lost", "lock"
#: How a folder of a study is called where nobody named one.
SUFFIX = ".study"
#: What the study's file has beside the study.
_CODE = "code"
#: What a line of the journal can say of a run.
STARTED, ENDED, GONE = "started", "ended", "lost"


class HeldError(ValueError):
    """Another program goes on with the study: a sentence."""


class StudyFolder:
    """The folder of one study. Reading needs nothing but the path; writing is for one program at a time (`held`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: dict[str, StageResult] = {}
        """What ended, by the stage's key."""
        self.attempts: dict[str, int] = {}
        """How often each was started, by key."""
        self._journal: BinaryIO | None = None
        self._opened: os.stat_result | None = None
        """Which file the journal is that is open."""
        self._read = 0

    @property
    def there(self) -> bool:
        """True where this is a study's folder."""
        return (self.path / SPEC).is_file()

    def log(self, stage: Stage) -> Path:
        """Where a run's log is."""
        return self.path / RUNS / stage.log

    # -- what it measures

    def read(self) -> tuple[StudySpec, ExecutionSettings, str]:
        """The study, how it is computed, and the digest of its task's code when it was last run.

        Raises ValueError, with a sentence, where the file is no study, OSError where it cannot be read.
        """
        try:
            data, _ = read_json(self.path / SPEC)
            if not isinstance(data, dict):
                raise ValueError("It is not a study.")
            code = str(data.pop(_CODE, ""))
            return *spec_of(data), code
        except ValueError as error:
            raise ValueError(f"{self.path / SPEC} cannot be used: {error}") from None

    def write(self, plan: Plan, execution: ExecutionSettings) -> None:
        """Keep the study and its plan, in the place of what was kept. Raises ValueError, with a sentence."""
        how = {option.name: getattr(execution, option.name) for option in settings_of(ExecutionSettings)}
        with self._written():
            write_json(self.path / SPEC, {**plan.spec.to_dict(), **how, _CODE: plan.code})
            write_plan(plan, self.path / PLAN)

    def plan(self) -> Plan:
        """The study's runs as they were planned, whether or not they could be made here. Raises as `read`."""
        spec, _, code = self.read()
        return read_plan(self.path / PLAN, spec) or planned(spec, code)

    # -- how far it is

    def load(self) -> None:
        """Read what the journal says since it was last read; a study that goes on elsewhere can be followed so."""
        try:
            with open(self.path / JOURNAL, "rb") as file:
                file.seek(self._read)
                text = file.read()
        except FileNotFoundError:
            return
        whole = text[: text.rfind(b"\n") + 1]  # a line that is being written is read the next time
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                data = json.loads(line)
                key, event = data["key"], data["event"]
                if event == STARTED:
                    self.attempts[key] = max(self.attempts.get(key, 0), int(data["attempt"]))
                elif event == ENDED:
                    self.results[key] = from_plain(StageResult, data["result"], "The result")
            except (ValueError, KeyError, TypeError):
                continue  # torn by a crash, or a newer program's

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, this program alone writes to the folder. Raises HeldError where another one does, and ValueError,
        with a sentence, where the folder cannot be written, then or later."""
        with ExitStack() as opened:
            with self._written():
                (self.path / RUNS).mkdir(parents=True, exist_ok=True)
                lock = opened.enter_context(open(self.path / LOCK, "ab"))
            if not _locked(lock):
                raise HeldError(f"Another program is running the study in {self.path}. Wait for it, or stop it.")
            with self._written():
                self._journal = opened.enter_context(open(self.path / JOURNAL, "ab", buffering=0))
                self._opened = os.fstat(self._journal.fileno())
                self._end_torn_line()
            try:
                yield
            finally:
                self._journal = None

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Inside, the folder is written: what goes wrong is said in a sentence, by a ValueError."""
        try:
            yield
        except OSError as error:
            raise ValueError(
                f"The study's folder {self.path} cannot be written ({error.strerror or error}). What was measured is "
                "kept; once the folder can be written, the same command goes on."
            ) from error

    def _end_torn_line(self) -> None:
        """What a crash left of a line stays one of its own."""
        assert self._journal is not None
        path = self.path / JOURNAL
        size = path.stat().st_size
        if size:
            with open(path, "rb") as file:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    self._journal.write(b"\n")

    def started(self, stage: Stage) -> None:
        """A run was started, the first time or again."""
        attempt = self.attempts[stage.key] = self.attempts.get(stage.key, 0) + 1
        self._say(stage, STARTED, attempt=attempt, log=stage.log)

    def ended(self, stage: Stage, result: StageResult) -> None:
        """A run ended: it is not made again, unless it was stopped from outside."""
        self.results[stage.key] = result
        self._say(stage, ENDED, result=asdict(result))

    def lost(self, stage: Stage, why: str) -> None:
        """A run's worker was lost. What it measured is put aside."""
        self._put_aside(stage)
        self._say(stage, GONE, attempt=self.attempts.get(stage.key, 0), why=why)

    def _put_aside(self, stage: Stage) -> None:
        """Let no later attempt write over a log."""
        log = self.log(stage)
        if log.exists():
            aside = self.path / LOST
            with self._written():
                aside.mkdir(exist_ok=True)
                number = 1
                while (place := aside / f"{log.stem}-{number}{log.suffix}").exists():
                    number += 1
                os.replace(log, place)

    def settle(self, plan: Plan) -> None:
        """After the program that ran the study died: count what had ended, put aside what had not."""
        for run in plan.runs:
            for stage in run.every:
                result = self.results.get(stage.key)
                if (result is not None and result.finished) or not self.log(stage).exists():
                    continue
                try:
                    told = result_of(self.log(stage))
                except (OSError, ValueError) as error:
                    self.lost(stage, why_not_opened(stage.log, error))
                    continue
                if told is not None and told.finished:
                    self.ended(stage, told)
                else:
                    self.lost(stage, "The study ended before the run did.")

    def _say(self, stage: Stage, event: str, **more: Any) -> None:
        assert self._journal is not None
        at = datetime.now().astimezone().isoformat(timespec="milliseconds")
        data: Mapping[str, Any] = {"at": at, "event": event, "key": stage.key, "kind": stage.kind, **more}
        line = (json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n").encode()
        with self._written():
            if self._journal.write(line) != len(line):  # what a full disk takes of it is a torn line
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._read = self._journal.tell()
        if not self._still_there:
            raise ValueError(
                f"The study's folder {self.path} was deleted or moved while the study was running, so the study has "
                "stopped. Put it back and go on with it, or start the study again."
            )

    @property
    def _still_there(self) -> bool:
        """False where the journal that is open is no longer the one in the folder: what is written to it is lost."""
        assert self._opened is not None
        try:
            return os.path.samestat(self._opened, os.stat(self.path / JOURNAL))
        except FileNotFoundError:
            return False


def _locked(file: BinaryIO) -> bool:
    """Lock an open file for as long as it is open, also beyond a crash; False where somebody else has."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
