"""torch, for computing on the processor: what its modules import and its libraries link to, nothing else.

PyInstaller's own hook takes everything, with headers, static libraries and all of CUDA. The CUDA libraries that are
linked are needed to load torch at all, also where no GPU is used; those that are opened later (cuDNN's parts and the
like) are left out (keep.py), and the start-up code hides the GPUs (hide_gpus.py).
"""

from pathlib import Path

from PyInstaller.utils.hooks import get_package_paths

_folder = Path(get_package_paths("torch")[1])

# Loaded by path, so that nobody sees that they are needed.
_by_path = [*_folder.glob("lib/libtorch_global_deps.*"), *_folder.glob("bin/torch_shm_manager*")]
if not _by_path:  # Windows
    _by_path = [*_folder.glob("lib/*.dll")]
binaries = [(str(path), f"torch/{path.parent.name}") for path in _by_path]

# Some modules of torch read their own source (settings with comments that mean something, TorchScript).
module_collection_mode = "pyz+py"
excludedimports = ["triton", "setuptools", "tensorboard", "cuda", "caffe2", "onnx", "onnxscript", "IPython"]
