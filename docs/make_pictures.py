"""Takes the documentation's pictures from the real program: `python docs/make_pictures.py [--notebook]`.

With `--notebook` only the picture that a notebook shows, which needs no display.

Starts the window under an X server of its own, works it with real keys and a real mouse, and photographs what is
on the screen, once in light and once in dark. Needs Xvfb, openbox, xdotool and ImageMagick (Debian: xvfb openbox
xdotool imagemagick) and Pillow (in the extra `test`).
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURES = Path(__file__).resolve().parent / "pictures"
WIDTH, HEIGHT = 1440, 900
#: No picture in the repository may weigh more.
MOST_BYTES = 200_000
TOOLS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "import": "imagemagick"}

OPENBOX = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew></focus>
  <applications>
    <application type="normal" class="*"><decor>no</decor><maximized>yes</maximized></application>
  </applications>
</openbox_config>
"""


class Screen:
    """An X server with a window manager that gives the window the whole screen."""

    def __init__(self, folder: Path, size: tuple[int, int] = (WIDTH, HEIGHT), scale: str = "1") -> None:
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"],
            pass_fds=(writing,),
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with open(reading) as told:
            self.display = f":{told.readline().strip()}"
        self.environment = {**os.environ, "DISPLAY": self.display, "QT_SCALE_FACTOR": scale}
        for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            self.environment.pop(name, None)
        rules = folder / "openbox.xml"
        rules.write_text(OPENBOX)
        self._manager = subprocess.Popen(
            ["openbox", "--config-file", str(rules)], env=self.environment, stderr=subprocess.DEVNULL
        )

    def close(self) -> None:
        """End the window manager and the server."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(10)

    def xdotool(self, *words: str | int) -> str:
        """Run xdotool and return what it prints."""
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.xdotool("key", "--delay", "60", *keys)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag with the left button, in small steps as a hand does."""
        self.xdotool("mousemove", *start)
        time.sleep(0.2)
        self.xdotool("mousedown", "1")
        for step in range(1, 13):
            x, y = (round(a + (b - a) * step / 12) for a, b in zip(start, end, strict=True))
            self.xdotool("mousemove", x, y)
            time.sleep(0.02)
        self.xdotool("mouseup", "1")

    def shot(self) -> Image.Image:
        """What is on the screen."""
        command = ["import", "-silent", "-window", "root", "png:-"]
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")


@contextmanager
def program(screen: Screen, folder: Path, theme: str, *arguments: str) -> Iterator[Path]:
    """The window, open, in a fresh set of folders; yields the folder of its runs."""
    settings, runs = folder / "settings", folder / "runs"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "settings.json").write_text(json.dumps({"version": 1, "theme": theme}))
    environment = {
        **screen.environment,
        "LRGUI_CONFIG": str(settings),
        "LRGUI_RUNS": str(runs),
        "XDG_CONFIG_HOME": str(folder),  # the window's size is remembered there
        "HOME": str(folder),
    }
    window = subprocess.Popen([sys.executable, "main.py", *arguments], cwd=ROOT, env=environment)
    try:
        screen.xdotool("search", "--sync", "--onlyvisible", "--name", "^LR Finder$")
        time.sleep(4)  # the spare worker imports torch meanwhile
        yield runs
    finally:
        window.terminate()
        window.wait(30)


def wait_for(what: str, test: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until `test` holds. Raises RuntimeError when it never does."""
    until = time.monotonic() + seconds
    while not test():
        if time.monotonic() > until:
            raise RuntimeError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)


def points(runs: Path, kind: str) -> int:
    """How many batches the run's log holds."""
    return sum(log.read_text().count('"event":"batch"') for log in logs(runs, kind))


def ended(runs: Path, kind: str) -> bool:
    """True once the run's log has its last line."""
    return any('"event":"end"' in log.read_text() for log in logs(runs, kind))


def logs(runs: Path, kind: str) -> list[Path]:
    """The logs of sweeps, of trainings (`train`), or of races."""

    def kind_of(name: str) -> str:
        return "train" if "-training" in name else "race" if "-race" in name else "sweep"

    return [log for log in runs.glob("*.lrrun") if kind_of(log.name) == kind]


def selection_line(shot: Image.Image, theme: str) -> tuple[int, int]:
    """Where the selection can be grabbed: the column of the plot that holds most of the selection's colour."""
    from lrgui.plot.theme import DARK, LIGHT

    colour = (DARK if theme == "dark" else LIGHT).selection.lstrip("#")
    wanted = tuple(int(colour[i : i + 2], 16) for i in (0, 2, 4))
    pixels = shot.load()
    assert pixels is not None
    counts = {x: sum(pixels[x, y] == wanted for y in range(160, 780)) for x in range(370, 1100)}
    best = max(counts, key=lambda x: counts[x])
    if counts[best] < 100:
        raise RuntimeError("the selection line was not found on the screen")
    return best, 300


def save(picture: Image.Image, name: str) -> None:
    """Write a picture with as many colours as the limit allows."""
    path = PICTURES / name
    for colours in (256, 128, 64, 32):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    print(f"{path.relative_to(ROOT)}  {picture.width}×{picture.height}  {path.stat().st_size / 1000:.0f} kB")


def journey(screen: Screen, folder: Path, theme: str) -> None:
    """Find, drag, export, train, with a picture at every stop."""
    ending = "-dark" if theme == "dark" else ""
    with program(screen, folder, theme) as runs:
        if theme == "light":
            save(screen.shot(), "start.png")
        screen.key("F5")
        wait_for("most of the sweep", lambda: points(runs, "sweep") >= 150)
        if theme == "light":
            save(screen.shot(), "running.png")
        wait_for("the end of the sweep", lambda: ended(runs, "sweep"))
        time.sleep(1.5)
        if theme == "light":
            save(screen.shot(), "curve.png")
        x, y = selection_line(screen.shot(), theme)
        screen.drag((x, y), (x - 70, y))
        screen.xdotool("mousemove", x - 150, 560)
        time.sleep(0.7)
        save(screen.shot(), f"dragged{ending}.png")
        if theme == "light":
            exported = folder / "exported.png"
            screen.key("ctrl+e")
            time.sleep(1.5)
            screen.key("Return")
            time.sleep(1.5)
            screen.key("ctrl+a")
            screen.xdotool("type", "--delay", "15", str(exported))
            screen.key("Return")
            wait_for("the exported picture", exported.exists, 20)
            time.sleep(0.5)
            save(Image.open(exported).convert("RGB"), "exported.png")
        screen.key("F6")
        wait_for("the end of the training", lambda: ended(runs, "train"))
        time.sleep(1.5)
        save(screen.shot(), f"training{ending}.png")


def own_task(screen: Screen, folder: Path) -> None:
    """A task of one's own: its check, and its curve. It is trusted beforehand: the question shows a path."""
    from lrgui.runs.trust import Trust
    from lrgui.tasks.user.templates import template_text

    file = folder / "task.py"
    (folder / "settings").mkdir(parents=True)
    file.write_text(template_text("table"), encoding="utf-8")
    trust = Trust(folder / "settings" / "trusted.json")
    question = trust.question(str(file))
    assert question is not None
    trust.grant(question, folder=False)
    with program(screen, folder, "light", str(file)) as runs:
        screen.key("F4")
        time.sleep(20)  # the engine starts, then the check runs
        save(screen.shot(), "checked.png")
        screen.key("Escape")
        time.sleep(0.5)
        screen.key("F5")
        wait_for("the end of the sweep", lambda: ended(runs, "sweep"))
        time.sleep(1.5)
        save(screen.shot(), "own-task.png")


def notebook() -> None:
    """What `find_lr` shows in a notebook: three sweeps of the digits, their range and the accuracy."""
    import torch
    from torch.utils.data import DataLoader

    import lrgui
    from lrgui.tasks.data.digits import load
    from lrgui.tasks.models.small import small_cnn
    from lrgui.tasks.spec import TaskSpec

    def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output.argmax(dim=1) == target).float().mean()

    data = load(TaskSpec())
    loader = DataLoader(data.train, 64, shuffle=True, drop_last=True)
    loss = torch.nn.functional.cross_entropy
    result = lrgui.find_lr(
        lambda: small_cnn(data, {}),
        loader,
        loss,
        torch.optim.AdamW,
        repeats=3,
        seed=0,
        metric=accuracy,
        device="cpu",
        progress=False,
        title="digits · small CNN · AdamW",
    )
    print(f"  {result.save_svg(PICTURES / 'notebook.svg').name}: {result!r}")


def main() -> int:
    """Take all pictures."""
    sys.path.insert(0, str(ROOT))
    if "--notebook" in sys.argv[1:]:
        notebook()
        return 0
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        print(f"Pictures need: sudo apt-get install {' '.join(missing)}", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    notebook()
    with tempfile.TemporaryDirectory() as scratch:
        screen = Screen(Path(scratch))
        try:
            for theme in ("light", "dark"):
                journey(screen, Path(scratch) / theme, theme)
            own_task(screen, Path(scratch) / "own")
        finally:
            screen.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
