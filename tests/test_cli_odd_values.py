"""Whatever is written behind an option: no traceback, exit status 2 and a sentence where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from lrgui.cli import app, check, compare, running, study, verify, watch
from lrgui.core.events import EndEvent, Event
from lrgui.export import Format

ODD = ("", "abc", "-1", "nan", "1e400", "9" * 30, "ä☃", "a\x00b", "[red]x[/red]", "nowhere/x", "/")
ROOT: Any = typer.main.get_command(app)
REQUIRED = {"train": ("--max-lr", "1e-2"), "verify": ("--around", "0.1")}
#: Each option once: many commands share theirs.
OPTIONS = {
    one.opts[0]: name
    for name, command in ROOT.commands.items()
    for one in command.params
    if one.param_type_name == "option" and not getattr(one, "is_flag", False)
}
RAN = "The stand-in ran."


class StandIn:
    """A source whose run ends at once."""

    def chunks(self) -> Iterator[list[Event]]:
        yield [EndEvent("failed", RAN)]

    def cancel(self) -> None:
        """Nothing to stop."""

    pause = resume = kill = cancel


@pytest.fixture
def told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Status and what was said; nothing is computed or drawn."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Format, "render", lambda *_words: b"")
    for module in (running, check, verify, compare, study, watch):
        monkeypatch.setattr(module, "source_of", lambda *_words, **_values: StandIn())

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:  # any other exception would be a traceback
            ROOT.main(args=list(words), prog_name="lrgui")
        out, said = capsys.readouterr()
        assert "Traceback" not in said + out
        assert left.value.code != 2 or not out, "results are results"
        return int(left.value.code or 0), said + out

    return run


@pytest.mark.parametrize("option", OPTIONS)
def test_odd_values_of_every_option_are_a_sentence(told: Callable[..., tuple[int, str]], option: str) -> None:
    command = OPTIONS[option]
    first = {"export": ("run.lrrun",), "scenarios": ()}.get(command, ("digits",))
    required = REQUIRED.get(command, ())
    for value in ODD:
        status, said = told(command, *first, *(required if option not in required else ()), option, value)
        assert said.strip() or status == 0, (value, status)
        assert "╭" not in said, "a box is typer's"


@pytest.mark.parametrize("command", [name for name in ROOT.commands if name not in ("scenarios", "runs")])
def test_odd_names_in_place_of_a_file_are_a_sentence(told: Callable[..., tuple[int, str]], command: str) -> None:
    for value in (*ODD, "."):
        more = ("--png", "x.png") if command == "export" else REQUIRED.get(command, ())
        status, said = told(command, value, *more)
        assert status in (1, 2) and said.strip(), (value, said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("train digits", "Missing: --max-lr, the highest rate of the schedule; “lrgui find” recommends one."),
        ("resume", "Missing: RUN, a saved run (.lrrun): its file, or its name in lrgui runs."),
        ("find digits --stepz 3", "There is no option --stepz. Did you mean --steps"),
        ("find digits --steps abc", "--steps "),
        ("fnd", "Did you mean 'find'? “lrgui -h” shows"),
        ("nope.py", "There is no file nope.py in this folder."),
        ("find digits twice", "(twice). “lrgui find -h” shows what can be given."),
    ],
)
def test_a_wrong_command_line_is_a_sentence_with_the_way_out(
    told: Callable[..., tuple[int, str]], words: str, said: str
) -> None:
    status, sentence = told(*words.split())
    assert status == 2 and sentence.startswith("lrgui: ") and said in sentence
    assert sentence.count("\n") == 1 and sentence.endswith("-h” shows what can be given.\n")
