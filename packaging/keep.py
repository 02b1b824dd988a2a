"""What a bundle holds and what it leaves out; used by lrgui.spec."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The parts of the package that a worker in another Python needs.
WORKER = (
    "__init__.py",
    "_version.py",
    "frozen.py",
    "resources.py",
    "temporary.py",
    "writing.py",
    "core",
    "errors",
    "tasks",
    "script",
    "runs",
)

#: Of these the one file that no worker needs: it names the person's folders, for which more than torch is needed.
NO_WORKERS = Path("runs", "library.py")

_QT = (
    "Qml QmlModels QmlWorkerScript Quick QuickWidgets QuickControls2 QuickTest Pdf PdfWidgets WebEngineCore Sql "
    "WebEngineWidgets WebEngineQuick Designer Help UiTools PrintSupport Concurrent Multimedia Charts DataVisualization"
)
#: Modules that nothing in the program uses, in either flavour.
EXCLUDED = [f"PySide6.Qt{name}" for name in _QT.split()] + [
    "tkinter",
    "idlelib",
    "lib2to3",
    "ensurepip",
    "turtledemo",
    "matplotlib",
    "IPython",
    "scipy",
    "h5py",
    "cupy",
    "pytest",
    "PyInstaller",
    "pyqtgraph.examples",
    "pyqtgraph.opengl",
    "pyqtgraph.flowchart",
    "pyqtgraph.jupyter",
    "pyqtgraph.canvas",
    "pyqtgraph.dockarea",
    "pyqtgraph.console",
]
EXCLUDED_LIGHT = ["torch", "torchvision", "pandas", "triton", "PIL", "setuptools", "pip"]
EXCLUDED_FULL = [
    "triton",
    "pip",
    "setuptools",
    "cuda",
    "tensorboard",
    "torch.utils.tensorboard",
    "caffe2",
    "onnx",
    "onnxscript",
    "onnxruntime",
]

# Paths in the bundle, as regular expressions that must match from the beginning.
_UNUSED = [
    r"PySide6/Qt/translations/",
    r"PySide6/Qt/qml/",
    r"PySide6/Qt/plugins/(?!(platforms|platformthemes|imageformats|iconengines|xcbglintegrations|wayland\-|styles|tls|"
    r"networkinformation))",
    r"PySide6/Qt/plugins/platforms/libq(eglfs|linuxfb|minimalegl|vnc|vkkhrdisplay|minimal)",
    r"PySide6/Qt/plugins/platformthemes/libqgtk3",
    r"PySide6/Qt/plugins/imageformats/libq(pdf|icns|tga|tiff|wbmp|webp|gif)",
    r"PySide6/Qt/plugins/wayland-graphics-integration-server",
    r"PySide6/Qt/plugins/(tls|networkinformation)/",  # the network is used between two windows of one machine only
    r"(PySide6/Qt/lib/)?libQt6(Qml|Quick|Pdf|Sql|Test|VirtualKeyboard|EglFS|WaylandCompositor|WaylandEglCompositor)",
    r"lib(gtk-3|gdk-3|gdk_pixbuf|atk-|atk-bridge|atspi|cairo|pango|epoxy|harfbuzz|fribidi|thai|datrie|graphite2)",
    r".*\.(h|hpp|cuh|lib|a|cmake|pyi|pxd|cu)$",
    r".*/tests?/",
    r"resources/icons/.*\.(ico|icns)$",  # are in the executable
    r".*\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url)",
]
_UNUSED_FULL = [
    r"nvidia/.*/libcudnn_",  # opened by libcudnn when a GPU is used
    r"(nvidia/.*/)?lib(nvrtc-builtins|nvrtc\.alt|nvblas|cusolver|cusolverMg|cufftw|nvperf|nvshmem_(?!host)|cufile_rdma)",
    r"(torch/lib/)?lib(torch_cuda_linalg|caffe2_nvrtc|shm_windows)",
    r"triton/",
]


def wanted(place: str, flavour: str) -> bool:
    """True where the file that lies at `place` in the bundle is kept."""
    patterns = _UNUSED + (_UNUSED_FULL if flavour == "full" else [])
    return not any(re.match(pattern, place.replace("\\", "/")) for pattern in patterns)


def hidden_imports(flavour: str) -> list[str]:
    """Modules that are imported by a name in a table, so that nobody sees that they are needed.

    torch has many such tables. A sweep and a training, run in the build environment, say which of them count.
    """
    if flavour == "light":
        return []
    from PyInstaller.utils.hooks import collect_submodules

    done = subprocess.run([sys.executable, "-c", _REHEARSAL], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The rehearsal of a sweep failed:\n{done.stderr}")
    return sorted({*collect_submodules("lrgui.tasks"), *done.stdout.split()})


_REHEARSAL = """
import sys
from lrgui.core.run_settings import SweepSettings, TrainSettings
from lrgui.core.control import Control
from lrgui.core.events import EndEvent
from lrgui.runs import worker
from lrgui.runs.job import Job
try:
    import torchvision
except ModuleNotFoundError:
    pass  # another torch was asked for, alone
import pandas
worker.prepare_torch()
for job in Job(sweep=SweepSettings(steps=20)), Job("train", train=TrainSettings(epochs=1)):
    *_, end = worker.run_with_torch(job, Control())
    assert isinstance(end, EndEvent) and end.reason == "completed", end
print(*(name for name, module in list(sys.modules.items()) if getattr(module, "__spec__", None) is not None
        and name.split(".")[0] in ("torch", "torchvision", "torchgen", "numpy", "pandas")
        and module.__spec__.name == name))
"""


def worker_sources(package: Path) -> Iterator[tuple[Path, str]]:
    """The worker's files, and where they go below the folder of sources."""
    for name in WORKER:
        part = package / name
        for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
            if path != package / NO_WORKERS:
                yield path, f"lrgui/{path.relative_to(package).as_posix()}"
    for data in sorted((package / "_resources").glob("*.npz")):  # the built-in data
        yield data, f"resources/{data.name}"


def windows_version(version: str) -> Any:
    """The file's metadata on Windows."""
    from PyInstaller.utils.win32 import versioninfo as info

    numbers = tuple([*map(int, re.findall(r"\d+", version)[:3]), 0, 0, 0, 0][:4])
    words = {
        "FileDescription": "LR Finder",
        "FileVersion": version,
        "InternalName": "lrgui",
        "LegalCopyright": "MIT license",
        "OriginalFilename": "lrgui.exe",
        "ProductName": "LR Finder",
        "ProductVersion": version,
    }
    return info.VSVersionInfo(
        ffi=info.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[
            info.StringFileInfo([info.StringTable("040904B0", [info.StringStruct(*pair) for pair in words.items()])]),
            info.VarFileInfo([info.VarStruct("Translation", [1033, 1200])]),
        ],
    )
