"""The models on offer for images that come without one: rows with dotted names, no torch."""

from __future__ import annotations

from lrgui.core.options import Option
from lrgui.tasks.catalog_rows import ModelRow, by_key


def _width(default: int, tip: str, least: int = 1) -> Option:
    return Option("width", "Width", "whole", default, tip, (), least, 4096)


def _depth(default: int, tip: str, least: int = 1) -> Option:
    return Option("depth", "Depth", "whole", default, tip, (), least, 64)


def _name(tip: str, *suggestions: str) -> Option:
    return Option("name", "Name", "text", suggestions[0], tip, tuple((name, name) for name in suggestions))


_PRETRAINED = Option(
    "pretrained", "Pretrained", "flag", False, "Start from weights pretrained on photographs; downloaded once"
)

IMAGE_MODELS = by_key(
    ModelRow("cnn", "Small CNN", "small CNN", "lrgui.tasks.models.small.small_cnn"),
    ModelRow("simplenet", "SimpleNet", "SimpleNet", "lrgui.tasks.models.small.simple_net"),
    ModelRow(
        "mlp",
        "MLP",
        "MLP",
        "lrgui.tasks.models.small.mlp",
        options=(
            _width(128, "Units in each hidden layer"),
            _depth(2, "Hidden layers; 0 is a linear model", 0),
            Option("batch_norm", "BatchNorm", "flag", False, "Normalise over the batch after each hidden layer"),
        ),
        detail="Linear layers over all pixels.",
    ),
    ModelRow(
        "resnet",
        "Small ResNet",
        "small ResNet",
        "lrgui.tasks.models.resnet.small_resnet",
        options=(
            _width(16, "Channels of the first stage; the third has four times as many"),
            _depth(1, "Blocks in each of the three stages; 3 makes ResNet-20"),
        ),
        detail="The residual network for CIFAR, with BatchNorm.",
    ),
    ModelRow(
        "vit",
        "ViT-tiny",
        "ViT-tiny",
        "lrgui.tasks.models.vit.vit_tiny",
        options=(
            _width(96, "Embedding size of a patch", 8),
            _depth(6, "Transformer blocks"),
            Option(
                "patch",
                "Patch",
                "whole",
                None,
                "Pixels per side of a patch; automatic makes about 8×8 patches",
                (),
                1,
                256,
                optional=True,
            ),
        ),
        detail="A small vision transformer.",
    ),
    ModelRow(
        "torchvision",
        "torchvision model",
        "torchvision",
        "lrgui.tasks.models.by_name.torchvision_model",
        options=(
            _name(
                "Name of a torchvision.models network",
                *("resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_16"),
            ),
            _PRETRAINED,
        ),
        detail="Any torchvision image network, by name; its head is adapted.",
        needs=("torchvision",),
        prepare="lrgui.tasks.models.weights.prepare",
    ),
    ModelRow(
        "timm",
        "timm model",
        "timm",
        "lrgui.tasks.models.timm_model.timm_model",
        options=(
            _name(
                "Name of a timm network",
                *("resnet18", "resnetv2_50", "convnext_atto", "efficientnet_b0", "vit_tiny_patch16_224"),
            ),
            _PRETRAINED,
        ),
        detail="Any timm network, by name; its first and last layers are adapted.",
        needs=("timm",),
    ),
)
"""For images (channels, height, width)."""
