"""torchvision: its compiled parts are loaded by path and called _C_stable and image_stable since 0.29."""

from pathlib import Path

from PyInstaller.utils.hooks import get_package_paths

_folder = Path(get_package_paths("torchvision")[1])
binaries = [(str(path), "torchvision") for kind in ("so", "pyd", "dylib") for path in _folder.glob(f"*.{kind}")]
module_collection_mode = "pyz+py"  # TorchScript reads the source
