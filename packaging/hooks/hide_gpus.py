"""Start-up code of the full bundle: its torch computes on the processor, so it must not find a GPU.

`lrgui.frozen.foreign_environment` takes it back for programs that are not part of the bundle.
"""

import os

if "LRGUI_HIDDEN_GPUS" not in os.environ:
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        os.environ["CUDA_VISIBLE_DEVICES_ORIG"] = os.environ["CUDA_VISIBLE_DEVICES"]
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["LRGUI_HIDDEN_GPUS"] = "1"
