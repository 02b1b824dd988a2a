"""Tables of the command line at widths that terminals have."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from lrgui.cli.app import printed, say, tell
from lrgui.cli.tables import laid_out
from lrgui.core.events import OutputEvent

HEADS = ("run", "state", "learning rate", "final loss", "best loss", "final accuracy", "best accuracy", "seed", "time")
ROWS: list[tuple[str, ...]] = [
    ("max LR 1e-2 · seed 0", "finished", "1e-2", "2.095", "2.095", "56.2 %", "56.2 %", "0", "31 s"),
    ("max LR 1e-2 · seed 1", "stopped", "1e-2", "2.231", "2.231", "44.9 %", "44.9 %", "1", "30 s"),
    (
        "max LR 1e-2 · mean of 2 seeds",
        "",
        "1e-2",
        "2.163 ± 0.096",
        "2.163 ± 0.096",
        "50.6 % ± 8.0 %",
        "50.6 % ± 8.0 %",
        "0, 1",
        "",
    ),
]
NAMED = (2, 7)


def drawn(width: int, heads: tuple[str, ...] = HEADS, rows: list[tuple[str, ...]] = ROWS, spare: object = NAMED) -> str:
    out = StringIO()
    console = Console(file=out, width=width)
    for part in laid_out(heads, rows, width, spare):  # type: ignore[arg-type]
        console.print(part)
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_nothing_is_cut_and_no_word_is_broken(width: int) -> None:
    text = drawn(width)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    for words in ("max LR 1e-2 ·", "mean of 2 seeds", "finished", "56.2 %", "± 0.096", "± 8.0 %", "accuracy", "31 s"):
        assert words in text, words


def test_what_the_names_tell_goes_first_and_lines_go_before_the_table_is_parted() -> None:
    assert "learning rate" in drawn(200) and "0, 1" in drawn(200)
    at_100, at_80, at_75, at_60 = drawn(100), drawn(80), drawn(75), drawn(60)
    assert "learning" in at_100 and "learning" not in at_80
    assert [text.count("┏") for text in (at_100, at_80, at_75)] == [1, 1, 0]
    assert at_75.count("time") == 1
    assert at_60.count("┏") == 2 and at_60.count("seed 1") == 2, "both begin with the names"


def test_sentences_break_between_words_and_names_of_files_stay_whole() -> None:
    file, why = (
        "2026-11-30_124950_a-very-long-name.lrrun",
        "The loss never falls by more than the noise of the batches.",
    )
    text = drawn(70, ("file", "why"), [(file, why)], ())
    assert file in text
    assert " ".join(line.split("│")[2].strip() for line in text.splitlines() if "│" in line) == why


def test_what_is_wider_than_the_terminal_is_still_shown() -> None:
    assert drawn(30, ("file", "a"), [("x" * 50, "1")], ()).count("x") >= 50


def test_what_code_prints_is_not_taken_for_pictures_or_styles(capsys: pytest.CaptureFixture[str]) -> None:
    """A logger called train: rich has a picture of one."""
    line = "INFO:train:epoch 2 [bold]val[/] 0.71 :fire:"
    printed(OutputEvent(f"{line}\n"))
    say(line)
    tell(line)
    shown = capsys.readouterr()
    assert (shown.err, shown.out) == (f"{line}\n{line}\n", f"{line}\n")
