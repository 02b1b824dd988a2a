"""What the window claims, read off it while it is used with mouse and keyboard: one answer, what it rests on, and what
is no measurement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from program import Desktop, Program, Seen, until

from lrgui.core.curve.recommend import confidence_words
from lrgui.core.curve.sweep_reading import RuleRow, SweepReading
from lrgui.core.learning_rate import format_lr
from lrgui.export.report import Report
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.opened import OpenedRun, open_run

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]


@pytest.fixture(scope="module")
def program(desktop: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program as it is before the first sweep."""
    program = Program(desktop, tmp_path_factory.mktemp("trust"))
    try:
        program.start(steps=120, race_steps=40, read=True)
        yield program
    finally:
        program.end()


@pytest.fixture
def swept(program: Program) -> Program:
    """The program with a sweep on screen, and the curve's tab in sight."""
    until(lambda: part(program, "Find learning rate").on, "nothing runs")
    if program.ended("sweep") is None:
        program.key("F5")
        until(lambda: program.ended("sweep"), "the sweep")
    program.command("Learning-rate curve")
    program.wait_for("Confidence ")
    return program


def newest(program: Program, kind: str) -> OpenedRun:
    """The newest run of a kind, read off its log."""
    runs = [open_run(path) for path in program.runs_folder.glob("*.lrrun")]
    return max((run for run in runs if run.job.kind == kind), key=lambda run: str(run.created))


def reading(program: Program) -> SweepReading:
    """What the newest sweep says."""
    run = newest(program, "sweep")
    found = ShownSweep(run.job, run.sweeps).read().reading
    assert found is not None
    return found


def part(program: Program, name: str) -> Seen:
    """The part of the window that has this name."""
    return until(lambda: program.named(name), name)


def test_verify_before_a_sweep_says_what_it_races_around(program: Program) -> None:
    program.key("F7")
    said = program.wait_for("none is selected on a curve").text
    assert "around 1e-2, the rate under Training" in said
    program.wait_for("Race · step ")
    program.key("Escape")
    run = until(lambda: program.ended("race"), "the race")
    assert run.job.race.around == 1e-2
    assert program.named("Confidence") is None, "nothing was found"


def test_the_card_gives_one_answer(swept: Program) -> None:
    found = reading(swept)
    pick = found.recommendation
    assert pick.lr is not None and found.range is not None
    names = (
        "Selected learning rate",
        "Range of the recommendation",
        "Confidence",
        "Recommendation",
        "What the recommendation holds for",
    )
    number, band, confidence, reason, holds_for = parts = [part(swept, name) for name in names]
    assert number.text == format_lr(pick.lr)
    assert all(format_lr(lr) in band.text for lr in (found.range.low, pick.lr, found.range.high))
    assert confidence.text == f"Confidence {pick.confidence}", "in one word"
    assert pick.reason.startswith(reason.text.rstrip(".")) and reason.text.count(". ") == 0, "one reason"
    assert holds_for.text == "For SGD, momentum 0.9 · batch 64 · OneCycle · 12 epochs (252 steps)"
    tops = [each.place[1] for each in parts]
    assert tops == sorted(tops), "in this order"
    folded = [swept.reads(words) for words in ("▸ Details", "▸ Suggestions of all rules", "▸ The classic reading")]
    assert all(folded) and swept.named("Suggested learning rates") is None
    assert not swept.reads(confidence_words(pick)), "what it means stands under Details"


def test_all_rules_are_in_the_table_with_their_reasons(swept: Program) -> None:
    said = Report(reading(swept)).to_dict()["suggestions"]
    rows = reading(swept).full_table
    swept.click(swept.wait_for("▸ Suggestions of all rules").middle)
    table = part(swept, "Suggested learning rates")
    assert table.words == [f"{row.label} | {row.rate}" for row in rows]
    assert {row.key for row in rows} - {"ours"} == set(said), "those that --json has"
    for package in ("fastai", "torch-lr-finder", "Ignite", "Lightning"):
        assert package in table.text
    hover(swept, rows, 2, click=True)
    until(lambda: part(swept, "Selected learning rate").text == rows[2].rate, "a click selects it")
    assert part(swept, "Confidence").text.startswith("Selected by you; recommended: ")
    swept.key("ctrl+z")
    swept.desktop.do("click", "--repeat", 3, 5)  # the side scrolls
    until(lambda: part(swept, "Suggested learning rates").place[1] < table.place[1], "its last rows")
    hover(swept, rows, len(rows) - 2)
    swept.desktop.do("click", "--repeat", 8, 4)
    until(lambda: swept.named("Selected learning rate"), "the card again")
    swept.click(swept.wait_for("▾ Suggestions of all rules").middle)
    until(lambda: swept.named("Suggested learning rates") is None, "folded again")


def hover(program: Program, rows: Sequence[RuleRow], number: int, click: bool = False) -> None:
    """Have the mouse over a row of the table, and read its reason in words."""
    row = rows[number]

    def over() -> bool:
        left, top, width, height = part(program, "Suggested learning rates").place
        each = height // (len(rows) + 1)  # the heading is a row, too
        program.desktop.do("mousemove", left + width // 3, top + height - (len(rows) - number) * each + each // 2)
        return part(program, "Reason").text.startswith(f"{row.label}: ")

    until(over, row.label)
    assert row.reason in part(program, "Reason").text
    if click:
        program.desktop.do("click", 1)


def test_a_synthetic_curve_is_never_taken_for_a_measured_one(swept: Program) -> None:
    own, runs = part(swept, "Selected learning rate").text, len(list(swept.runs_folder.glob("*.lrrun")))
    swept.command("Scenarios")
    swept.command("Show on the main plot")
    swept.wait_for("Synthetic example: nothing was trained, so there is no confidence")
    assert any(each.text == "Synthetic example" for each in swept.seen()), "the badge"
    assert swept.named("Confidence") is None and swept.named("Range of the recommendation") is None
    buttons = {each.text.split()[0]: each.on for each in swept.seen() if each.text.startswith(("Train ", "Verify"))}
    assert not buttons["Train"] and part(swept, "Use the selected rate in your code").on is False
    for key in ("F6", "F7", "ctrl+shift+q"):
        swept.key(key)
    assert swept.reads("A synthetic curve: "), "the line at the bottom says no more"
    swept.click(swept.wait_for("Back to the sweep of ").middle)
    until(lambda: part(swept, "Selected learning rate").text == own, "the person's own sweep")
    assert len(list(swept.runs_folder.glob("*.lrrun"))) == runs, "nothing was trained"
    assert not any(each.text == "Synthetic example" for each in swept.seen()) and part(swept, "Confidence")


def test_the_picture_of_verify_adds_up(swept: Program) -> None:
    own = part(swept, "Selected learning rate").text
    swept.command("recommended")
    swept.key("F7")
    until(lambda: (run := swept.ended("race")) and format_lr(run.job.race.around) == own, "the race", 90)
    record = newest(swept, "race").race
    assert record is not None
    ranking = record.standings.ranking()
    assert ranking.lr is not None and ranking.lowest is not None
    picture = swept.wait_for(f"measured {format_lr(ranking.lr)}")
    named = re.search(r"lowest (\S+), safety step ÷(\S+)", picture.text)
    assert named is not None and named[1] == format_lr(ranking.lowest), "the fitted minimum"
    if ranking.lr != record.standings.config.around:
        assert ranking.lowest / ranking.lr == pytest.approx(float(named[2]), rel=0.01), "and the step back from it"
    lengths = {row.steps for row in ranking.rows}
    assert ("judged after" in picture.text) == (len(lengths) > 1), "trainings of other lengths are marked"
    verdict = swept.wait_for(ranking.reason)
    assert ("confirmed" in verdict.text) == ranking.confirmed
