"""Which code may run: files and folders that the person trusted, Pythons that they chose. Nothing here executes any.

As in an editor, what is trusted is a place. Trust in a task file holds for its path and for those of the local modules
that it imports then, whatever is written into them later; trust in a folder holds for all that lies in it. The same
code at another place asks again. So does a module that a trusted file did not import then (one that somebody put
beside it takes the place of a package), a link that leads elsewhere, and a file that belongs to somebody else now.
What is edited while the program is open does not ask. Code whose place is not known (`package.module`) is asked about
in every session.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrgui import places
from lrgui.json_file import read_json, set_aside, write_json
from lrgui.tasks.user.target import Target

if TYPE_CHECKING:
    from lrgui.runs.task_files import CodeFile, Shows

VERSION = 2
#: Modules that a sentence names.
_MOST_NAMED = 4

_WHY = {
    "new": "{name} has not been run here before.",
    "changed": "{name} changed while you were being asked about it: review it again.",
    "added": "{name} now imports code that it did not import when you trusted it: {names}.",
    "elsewhere": "{name} links to code in another place: {names}.",
    "owner": "{name}, or a module that it imports, belongs to another user of this computer.",
    "module": "{name} is a module: its place is known only after the import, so LR Finder asks in every session.",
}


@dataclass(frozen=True)
class Question:
    """Code that may not run before the person has agreed."""

    path: str
    """The file, or the module's dotted name."""
    reason: str
    """`new`, `changed`, `added`, `elsewhere`, `owner` or `module`."""
    sentence: str
    """Why it is asked."""
    shows: Shows
    folder: Path | None
    """The folder in which it would work; None for a module."""
    offers_folder: bool = False
    """True where that folder can be trusted as a whole: not the home folder, and none that others can write."""
    code: tuple[CodeFile, ...] = ()
    """The files that would run; none for a module, whose files are not known."""
    digest: str = ""
    """What these files were when this was asked: only that is granted."""


@dataclass
class _Store:
    files: dict[str, int] = field(default_factory=dict)
    """Owner by real path."""
    folders: dict[str, int] = field(default_factory=dict)
    """Owner by real path."""
    pythons: dict[str, list[Any]] = field(default_factory=dict)
    """Real path and owner by path."""

    def covers(self, file: CodeFile) -> bool:
        """True where this file, or a folder above it, is trusted and belongs to the same user as then."""
        return file.owner in self.owners(file.real)

    def owners(self, real: str) -> set[int]:
        """Whose files may run at this place; none where it is not trusted."""
        kept = (self.files.get(real), *(self.folders.get(str(above)) for above in Path(real).parents))
        return {owner for owner in kept if owner is not None}

    def update(self, other: _Store) -> None:
        """Take over all that `other` has."""
        self.files.update(other.files)
        self.folders.update(other.folders)
        self.pythons.update(other.pythons)


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
        self._session: set[str] = set()
        """Real paths of the task files that were found trusted in this session."""
        self._overtaken: set[str] = set()
        """Of those that were changed while the person was asked."""
        self._modules: set[str] = set()

    def question(self, path: str) -> Question | None:
        """What to ask before the code of `path` (see `Target`) runs; None where it may, or where there is not a file.

        A file that may run now may do so for the rest of the session, whatever is edited in it.
        """
        from lrgui.core.phrases import listed
        from lrgui.runs.task_files import Shows, code_of, digest_of, shows_of, visible
        from lrgui.tasks.user.outline import outline

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
        code, (store, warning) = code_of(file), self._stored()
        reason, files = self._reason(file, code, store)
        if not reason:
            self._session.add(code[0].real)
            return None
        names = [one.real if reason == "elsewhere" else one.name for one in files]
        sentence = _WHY[reason].format(name=file.name, names=listed(names, _MOST_NAMED))
        words = " ".join(filter(None, (visible(sentence), warning)))
        shows = shows_of(file, names if reason == "added" else ())
        offers = _may_be_trusted(file.parent)
        return Question(str(file), reason, words, shows, file.parent, offers, code, digest_of(code))

    def grant(self, question: Question, folder: bool) -> str:
        """Let what was asked about run, or with `folder` everything in its folder.

        Files that were changed meanwhile are asked about again: nobody has seen what they are now. Returns a sentence
        where it could not be kept for later sessions, else an empty text.
        """
        from lrgui.runs.task_files import code_of, digest_of, owner_of

        if not question.code or question.folder is None:
            self._modules.add(question.path)
            return ""
        real = question.code[0].real
        if digest_of(code_of(Path(question.path))) != question.digest:
            self._overtaken.add(real)
            return ""
        self._overtaken.discard(real)
        # Of a trusted folder, too: it does not cover what lies elsewhere or belongs to somebody else.
        store = _Store({one.real: one.owner for one in question.code})
        if folder and question.offers_folder:
            place = question.folder.resolve()
            store.folders[str(place)] = owner_of(place)
        return self._keep(store)

    def ran(self, path: str) -> str:
        """The code of `path` runs in this session: modules that it imports since an edit are known in the next.

        Does nothing for code that may not run. Returns like `grant`.
        """
        from lrgui.runs.task_files import code_of

        file = Target.parse(path).file
        if file is None or not os.path.isfile(file) or self.question(path) is not None:
            return ""
        store, _ = self._stored()
        new = {one.real: one.owner for one in code_of(file.absolute()) if not store.covers(one)}
        return self._keep(_Store(new)) if new else ""

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

    def _reason(self, file: Path, code: tuple[CodeFile, ...], store: _Store) -> tuple[str, list[CodeFile]]:
        """Why to ask, and because of which files; an empty text where the code may run."""
        task = code[0]
        unknown = [one for one in code if not store.covers(one)]
        if unknown and task.real in self._overtaken:
            return "changed", unknown
        if not store.owners(task.real):
            linked = task.real != str(file.parent.resolve() / file.name)
            return ("elsewhere", [task]) if linked else ("new", unknown)
        others = [one for one in unknown if store.owners(one.real) or one.owner != task.owner]
        if others:
            return "owner", others
        strays = [one for one in unknown if one.strays]
        if strays:
            return "elsewhere", strays
        return ("added", unknown) if unknown and task.real not in self._session else ("", [])

    # ---------------------------------------------------------------- on disk
    def _stored(self) -> tuple[_Store, str]:
        """All that is trusted, and a sentence where the file that keeps it is of no use."""
        store, warning = _read(self._file)
        store.update(self._granted)
        return store, warning

    def _keep(self, new: _Store) -> str:
        self._granted.update(new)
        if self._file is None:
            return ""
        store, warning = self._stored()
        if warning:
            set_aside(self._file)
        data = {"version": VERSION, "files": store.files, "folders": store.folders, "pythons": store.pythons}
        try:
            write_json(self._file, data, private=True)
        except OSError as error:
            return f"Trusted for this session only: {self._file} could not be written ({error.strerror or error})."
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
            return _Store(), f"(Other users can change the list of trusted files: {file}, {ask_again}.)"
        files, folders = data["files"], data["folders"]
        if not all(isinstance(part, dict) for part in (files, folders)):
            raise ValueError("no objects")
        kept: dict[str, int] = {}
        for path, entry in files.items():
            kept.update(_of_version_1(path, entry) if isinstance(entry, dict) else {str(path): int(entry)})
        pythons: dict[str, list[Any]] = {
            str(path): [str(real), int(owner)] for path, (real, owner) in data.get("pythons", {}).items()
        }
        return _Store(kept, {str(path): int(owner) for path, owner in folders.items()}, pythons), ""
    except FileNotFoundError:
        return _Store(), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Store(), f"(The list of trusted files could not be read: {file}, {ask_again}.)"


def _identity(python: str) -> list[Any]:
    from lrgui.runs.task_files import owner_of

    return [os.path.realpath(python), owner_of(Path(python))]


def _of_version_1(path: str, entry: dict[str, Any]) -> dict[str, int]:
    """Paths and owner of an entry as it was kept when contents were trusted, by task file.

    Whose file is whose was not kept: where there were several owners, it is asked again.
    """
    owners = {int(owner) for owner in entry["owners"]}
    names, places = [str(name) for name in dict(entry["digests"])], [str(place) for place in entry["elsewhere"]]
    if len(owners) != 1:
        return {}
    beside = [str(Path(path).parent / name) for name in names]
    return dict.fromkeys((path, *beside, *places), owners.pop())


def _may_be_trusted(folder: Path) -> bool:
    """False for folders into which anything may come: those above (or with) the home folder, and public ones."""
    real = folder.resolve()
    public = os.name == "posix" and bool(real.stat().st_mode & stat.S_IWOTH)
    return not public and not places.home_or_temporary().resolve().is_relative_to(real)
