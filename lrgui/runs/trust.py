"""Which code may run: files and folders that the person trusted, Pythons that they chose. Nothing here executes any.

A file is trusted as it was: with its contents, those of the local modules that it imports, its owner and its real
path. What is edited while the program is open does not ask again; what changed in between does. A trusted folder
holds for all that lies in it. Code whose place is not known (`package.module`) is asked about in every session.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrgui import places
from lrgui.json_file import read_json, write_json
from lrgui.runs.task_files import Code, Shows, changed_files, code_of, listed, owner_of, shows_of, visible
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.target import Target

VERSION = 1

_WHY = {
    "new": "{name} has not been run here before.",
    "changed": "{changed} changed since you trusted {name}.",
    "elsewhere": "{name} leads to code that lies elsewhere: {places}.",
    "owner": "{name}, or a module that it imports, belongs to another user of this computer.",
    "module": "{name} is a module: where its code lies is known only once it is imported, so each session asks.",
}


@dataclass(frozen=True)
class Question:
    """Code that may not run before the person has agreed."""

    path: str
    """The file, or the module's dotted name."""
    reason: str
    """`new`, `changed`, `elsewhere`, `owner` or `module`."""
    sentence: str
    """Why it is asked."""
    shows: Shows
    folder: Path | None
    """The folder in which it would work; None for a module."""
    offers_folder: bool = False
    """True where that folder can be trusted as a whole: not the home folder, and none that others can write."""
    code: Code | None = None
    """The files as they were when this was asked: only that is granted. None for a module."""


@dataclass
class _Store:
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By real path: `digests`, `owners` and `elsewhere` of the code that was trusted."""
    folders: dict[str, int] = field(default_factory=dict)
    """Owner by real path."""
    pythons: dict[str, list[Any]] = field(default_factory=dict)
    """Real path and owner by path."""


def trust_file() -> Path:
    """Where trust is kept: beside the settings."""
    return places.config_folder() / "trusted.json"


class Trust:
    """What the person trusts, for one session of the program."""

    def __init__(self, file: Path | None = None) -> None:
        """`file` keeps it from one session to the next; None keeps nothing."""
        self._file = file
        self._granted = _Store()
        """What was granted in this session, also where it cannot be written."""
        self._session: dict[str, Code] = {}
        """Files that were found trusted in this session, by real path: as they were then."""
        self._modules: set[str] = set()

    def question(self, path: str) -> Question | None:
        """What to ask before the code of `path` (see `Target`) runs; None where it may, or where there is no file.

        A file that may run now may do so for the rest of the session, whatever is edited in it.
        """
        target = Target.parse(path)
        file = target.file
        if file is None:
            if target.place in self._modules:
                return None
            found = outline(target.place).file  # as far as it can be known here
            shows = Shows() if found is None else shows_of(found)
            return Question(target.place, "module", _WHY["module"].format(name=target.place), shows, None)
        if not os.path.isfile(file):  # also for names that no system allows
            return None
        file = file.absolute()
        real, code, (store, warning) = str(file.resolve()), code_of(file), self._stored()
        reason = self._reason(file, real, code, store)
        if not reason:
            self._session.setdefault(real, code)
            return None
        changed = changed_files(code, store.files[real]["digests"]) if reason == "changed" else ()
        sentence = _WHY[reason].format(name=file.name, places=", ".join(code.elsewhere), changed=listed(changed))
        words = " ".join(filter(None, (visible(sentence), warning)))
        offers = _may_be_trusted(file.parent)
        return Question(str(file), reason, words, shows_of(file, changed), file.parent, offers, code)

    def grant(self, question: Question, folder: bool) -> str:
        """Let what was asked about run, or with `folder` everything in its folder.

        Returns a sentence where that could not be kept for later sessions, else an empty text.
        """
        code = question.code
        if code is None or question.folder is None:
            self._modules.add(question.path)
            return ""
        real = str(Path(question.path).resolve())
        # Of a trusted folder, too: it does not cover what lies elsewhere or belongs to somebody else.
        facts = {"digests": dict(code.digests), "owners": list(code.owners), "elsewhere": list(code.elsewhere)}
        store = _Store({real: facts})
        if folder and question.offers_folder:
            place = question.folder.resolve()
            store.folders[str(place)] = owner_of(place)
        self._session.pop(real, None)
        return self._keep(store)

    def ran(self, path: str) -> str:
        """The code of `path` runs in this session, perhaps after an edit: it is what the next session knows.

        Does nothing for code that may not run. Returns like `grant`.
        """
        file = Target.parse(path).file
        if file is None or not os.path.isfile(file) or self.question(path) is not None:
            return ""
        real, code = str(file.resolve()), code_of(file.absolute())
        self._session[real] = code
        store, _ = self._stored()
        kept = store.files.get(real)
        now = dict(code.digests)
        if kept is None or kept["digests"] == now:
            return ""  # its folder is trusted, or nothing is new
        return self._keep(_Store({real: {**kept, "digests": now}}))

    def may_start(self, python: str) -> bool:
        """True where the person chose this Python in this program, and its path leads to the same file as then.

        One that is not there just now (its disk may be away) counts as the same. Its content is not compared: whoever
        can change that can change the packages beside it as well, and a system's Python is renewed every few weeks.
        """
        kept = self._stored()[0].pythons.get(python)
        return kept is not None and (not os.path.exists(python) or kept == _identity(python))

    def chose_pythons(self, pythons: Iterable[str]) -> str:
        """The person chose these Pythons, by absolute paths. Returns like `grant`."""
        known = self._stored()[0].pythons
        new = {one: _identity(one) for one in pythons if one and os.path.exists(one)}
        return self._keep(_Store(pythons=new)) if any(known.get(one) != facts for one, facts in new.items()) else ""

    def _reason(self, file: Path, real: str, code: Code, store: _Store) -> str:
        """Why to ask, empty where the code may run."""
        seen, kept = self._session.get(real), store.files.get(real)
        known = seen or (None if kept is None else _known(kept))
        folder = next((str(p) for p in Path(real).parents if str(p) in store.folders), None)
        if known is None and folder is None:
            linked = real != str(file.parent.resolve() / file.name)
            return "elsewhere" if linked else "new"
        owners = set(known.owners) if known is not None else set()
        places = set(known.elsewhere) if known is not None else set()
        if folder is not None:
            owners.add(store.folders[folder])
        if not set(code.owners) <= owners:
            return "owner"
        if any(place not in places and not _inside(place, folder) for place in code.elsewhere):
            return "elsewhere"
        if seen is None and folder is None and known is not None and dict(known.digests) != dict(code.digests):
            return "changed"
        return ""

    # ---------------------------------------------------------------- on disk
    def _stored(self) -> tuple[_Store, str]:
        """All that is trusted, and a sentence where the file that keeps it is of no use."""
        store, warning = _read(self._file)
        store.files.update(self._granted.files)
        store.folders.update(self._granted.folders)
        store.pythons.update(self._granted.pythons)
        return store, warning

    def _keep(self, new: _Store) -> str:
        self._granted.files.update(new.files)
        self._granted.folders.update(new.folders)
        self._granted.pythons.update(new.pythons)
        if self._file is None:
            return ""
        store, _ = self._stored()
        data = {"version": VERSION, "files": store.files, "folders": store.folders, "pythons": store.pythons}
        try:
            write_json(self._file, data, private=True)
        except OSError as error:
            return f"This is trusted for this session only: {self._file} cannot be written ({error.strerror or error})."
        return ""


def _read(file: Path | None) -> tuple[_Store, str]:
    """What a file keeps; a damaged one, and one that others can write, counts as empty, and the sentence says so."""
    if file is None:
        return _Store(), ""
    ask_again = "so everything is asked about again"
    try:
        data, status = read_json(file)
        shared = stat.S_IWGRP | stat.S_IWOTH
        if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & shared):
            return _Store(), f"(The list of trusted files is one that others can write: {file}, {ask_again}.)"
        files, folders = data["files"], data["folders"]
        if not all(isinstance(part, dict) for part in (files, folders)):
            raise ValueError("no objects")
        kept = {
            str(path): {
                "digests": {str(name): str(digest) for name, digest in entry["digests"].items()},
                "owners": [int(owner) for owner in entry["owners"]],
                "elsewhere": [str(place) for place in entry["elsewhere"]],
            }
            for path, entry in files.items()
        }
        pythons: dict[str, list[Any]] = {
            str(path): [str(real), int(owner)] for path, (real, owner) in data.get("pythons", {}).items()
        }
        return _Store(kept, {str(path): int(owner) for path, owner in folders.items()}, pythons), ""
    except FileNotFoundError:
        return _Store(), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Store(), f"(The list of trusted files could not be read: {file}, {ask_again}.)"


def _identity(python: str) -> list[Any]:
    return [os.path.realpath(python), owner_of(Path(python))]


def _known(kept: dict[str, Any]) -> Code:
    """What the store keeps of a file."""
    return Code(tuple(kept["digests"].items()), tuple(kept["owners"]), tuple(kept["elsewhere"]))


def _inside(place: str, folder: str | None) -> bool:
    return folder is not None and Path(place).is_relative_to(folder)


def _may_be_trusted(folder: Path) -> bool:
    """False for folders into which anything may come: those above (or with) the home folder, and public ones."""
    real = folder.resolve()
    public = os.name == "posix" and bool(real.stat().st_mode & stat.S_IWOTH)
    return not public and not places.home_or_temporary().resolve().is_relative_to(real)
