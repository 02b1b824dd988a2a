"""Python programs of what compares runs: a study again, kept runs over each other, the scenarios. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from lrgui.core.curve.scenarios import SCENARIOS, Scenario
from lrgui.export.errors import ExportError
from lrgui.export.snippets.code import Argument, call, literal
from lrgui.runs.job import Job
from lrgui.runs.overlaid import Align
from lrgui.runs.overlay import Overlay
from lrgui.studies.of_job import spec_of_job
from lrgui.studies.spec import StudySpec


def study_program(spec: StudySpec, folder: str) -> list[str]:
    """Measure it, and plot: the pieces of the program, the first one its imports. What `folder` has is not measured
    again."""
    if spec.runs:  # a list of combinations stands in its file alone
        arguments: list[Argument] = [("", literal(folder), "")]
    else:
        usual = StudySpec(spec.task)
        arguments = [("", literal(spec.task), ""), ("grid", _mapping(spec.grid), "")]
        for name, argument in (("fixed", "fixed"), ("seeds", "seeds"), ("measure", "measure")):
            value = getattr(spec, name)
            if value != getattr(usual, name):
                arguments.append((argument, _mapping(value) if isinstance(value, Mapping) else literal(value), ""))
        if spec.prove_best:
            arguments.append(("prove_best", literal(spec.prove_best), ""))
        arguments.append(("folder", literal(folder), ""))
    made = call("lrgui.study", arguments, "study = ")
    return [
        "import lrgui",
        "\n".join(["# The study: each combination by a run of its own", *made, "print(study)"]),
        '# Plot\naxes = study.plot()\naxes.figure.savefig("study.png", dpi=300)',
    ]


def optimizers_program(jobs: Sequence[Job]) -> list[str]:
    """Sweep the optimizers of `jobs` again, as a study: the pieces of the program."""
    try:
        spec = spec_of_job(jobs[0], {"optimizer": tuple(job.task.optimizer for job in jobs)}, (jobs[0].task.seed,))
    except ValueError as error:
        raise ExportError(str(error)) from error
    return study_program(spec, "optimizers.study")


def overlay_program(overlay: Overlay) -> list[str]:
    """Read the kept runs, and draw them over each other as they are shown: the pieces of the program."""
    paths = [run.path or run.record.log for run in overlay.runs]
    if None in paths:
        raise ExportError("A program reads these runs from their logs, and not all of them are kept on disk.")
    view = overlay.view
    shown = [number for number in range(len(paths)) if number not in view.hidden]
    logs = [f"    {literal(overlay.labels[n])}: {literal(str(Path(str(paths[n])).absolute()))}," for n in shown]
    looks = [("align", literal(str(overlay.align)), ""), ("scale", literal(str(overlay.scale)), "")]
    looks.append(("quantity", literal(str(overlay.quantity)), ""))
    scales = ['axes.set_xscale("log")'] if overlay.align == Align.LR else []
    scales += ['axes.set_yscale("log")'] if view.log else []
    return [
        "\n".join(
            [
                "import matplotlib.pyplot as plt",
                "from lrgui.runs.opened import open_run",
                "from lrgui.runs.overlaid import OverlaidRun",
                "from lrgui.runs.overlay import Overlay, View",
            ]
        ),
        "\n".join(["# The runs, as they were kept", "logs = {", *logs, "}"]),
        "\n".join(
            [
                "runs = tuple(OverlaidRun.of(open_run(path)) for path in logs.values())",
                *call("View", looks, "view = "),
                "overlay = Overlay(runs, tuple(logs), view)",
                "print(overlay.summary)",
            ]
        ),
        "\n".join(
            [
                "# Plot",
                "figure, axes = plt.subplots(figsize=(8, 5))",
                "for number, traces in enumerate(overlay.traces):",
                "    for trace in traces:",
                "        label = None if trace.beside else overlay.labels[number]",
                '        mark, width = "o" if trace.points else None, 0.8 if trace.beside else 2',
                '        axes.plot(trace.x, trace.y, color=f"C{number}", marker=mark, linewidth=width, label=label)',
                *scales,
                "axes.set(xlabel=overlay.x_title, ylabel=overlay.y_title)",
                "axes.legend()",
                'figure.savefig("comparison.png", dpi=300)',
            ]
        ),
    ]


def scenarios_program(scenarios: Sequence[Scenario], seed: int, selection: float | None) -> list[str]:
    """Make the synthetic curves, and draw them: the pieces of the program."""
    made = [f"    {_scenario(scenario)}," for scenario in scenarios]
    picked = [] if selection is None else [f'axes.axvline({literal(selection)}, color="black", label="your pick")']
    return [
        "\n".join(
            [
                "from dataclasses import replace",
                "import matplotlib.pyplot as plt",
                "from lrgui.core.curve.scenarios import SCENARIOS, noisy_loss, rates",
            ]
        ),
        "\n".join(["# The scenarios: nothing is trained", "scenarios = [", *made, "]"]),
        "\n".join(
            [
                "# Plot",
                "figure, axes = plt.subplots(figsize=(8, 5))",
                "for scenario in scenarios:",
                f"    axes.semilogx(rates(), noisy_loss(scenario, rates(), {seed}), label=scenario.label)",
                *picked,
                'axes.set(xlabel="Learning rate (log scale)", ylabel="Loss")',
                "axes.legend()",
                'figure.savefig("scenarios.png", dpi=300)',
            ]
        ),
    ]


def _scenario(scenario: Scenario) -> str:
    usual = SCENARIOS[scenario.key]
    changed: list[Argument] = [
        (each.name, repr(getattr(scenario, each.name)), "")
        for each in fields(scenario)
        if getattr(scenario, each.name) != getattr(usual, each.name)
    ]
    row = f"SCENARIOS[{literal(scenario.key)}]"
    return " ".join(call("replace", [("", row, ""), *changed])) if changed else row


def _mapping(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(value)}" for name, value in values.items()) + "}"
