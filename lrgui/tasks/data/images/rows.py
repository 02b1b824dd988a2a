"""The rows of image data: torchvision's data sets, and a folder of the person's own images. No torch here."""

from __future__ import annotations

from typing import NamedTuple

from lrgui.core.options import Option, Scalar
from lrgui.tasks.catalog_rows import PathRow, SourceRow
from lrgui.tasks.models.rows import IMAGE_MODELS

#: Where data sets lie that are downloaded, unless a person chooses another folder.
DATA_FOLDER = "~/.cache/lrgui/data"

#: Mean and deviation of ImageNet's red, green and blue, 0…1: what pretrained models expect.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

DOWNLOAD = Option("download", "Download", "flag", True, "Download missing files; off uses only the files in the folder")
AUGMENTATION = Option(
    "augmentation",
    "Augmentation",
    "choice",
    "none",
    "Randomly changes training images each time; validation images are unchanged",
    choices=(("none", "None"), ("flip", "Flip"), ("crop", "Flip and crop")),
)
SIZE = Option(
    "size",
    "Size",
    "whole",
    64,
    "Pixels per side: the centre square of each image is scaled to it; pretrained models expect 224",
    minimum=8,
    maximum=1024,
)
_ROOT = PathRow("Folder", "folder", "Folder that contains the data sets, or to download them to", default=DATA_FOLDER)


class ImageSet(NamedTuple):
    """What is known of one of torchvision's data sets."""

    key: str
    label: str
    torchvision: str
    """Its class in `torchvision.datasets`."""
    kind: str
    """How it is read: `idx` files, `arrays` in torchvision's object, or `photos`, decoded one by one."""
    train_size: int | None
    val_size: int | None
    """None where an option decides."""
    words: str
    """What its images are: "28×28 in colour"."""
    classes: int | None
    """None where an option decides."""
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    """Of each channel, pixels being 0…1; None measures the training images."""
    options: tuple[Option, ...] = ()
    subset: int | None = None
    """Training images that are used where a person has not said otherwise."""
    needs: tuple[str, ...] = ("torchvision",)
    transposed: bool = False
    """Its files hold each image with rows and columns exchanged, and torchvision leaves them so."""

    @property
    def row(self) -> SourceRow:
        """Its row in the registry."""
        count = "" if self.train_size is None else f"{self.train_size:,} images "
        classes = "10 to 62" if self.classes is None else self.classes
        return SourceRow(
            key=self.key,
            label=self.label,
            short=self.label,
            detail=f"{count}{self.words} · {classes} classes",
            dotted="lrgui.tasks.data.images.sets.load",
            models=IMAGE_MODELS,
            train_size=self.train_size,
            val_size=self.val_size,
            group="Data sets",
            options=(*self.options, DOWNLOAD),
            path=_ROOT,
            defaults=self._defaults(),
            prepare="lrgui.tasks.data.images.download.prepare",
            needs=self.needs,
        )

    def _defaults(self) -> dict[str, Scalar]:
        return {"batch_size": 64, "subset": self.subset}


_EMNIST_SPLIT = Option(
    "split",
    "Characters",
    "choice",
    "balanced",
    "Which EMNIST split to use",
    choices=(
        ("balanced", "Balanced: 47 digits and letters, 112,800 images"),
        ("letters", "Letters: 26, 124,800 images"),
        ("digits", "Digits: 10, 240,000 images"),
        ("mnist", "Digits as in MNIST: 10, 60,000 images"),
        ("bymerge", "All, like letters merged: 47, 697,932 images"),
        ("byclass", "All: 62, 697,932 images"),
    ),
)

_SCIPY = ("torchvision", "scipy")
_PHOTO_OPTIONS = (SIZE, AUGMENTATION)

SETS: dict[str, ImageSet] = {
    image_set.key: image_set
    for image_set in (
        # The guide's figures, and its subset for sweeps.
        ImageSet("mnist", "MNIST", "MNIST", "idx", 60_000, 10_000, "28×28", 10, (0.1307,), (0.3081,), subset=2048),
        ImageSet(
            "fashion_mnist",
            "Fashion-MNIST",
            "FashionMNIST",
            "idx",
            60_000,
            10_000,
            "28×28",
            10,
            (0.2860,),
            (0.3530,),
        ),
        ImageSet("kmnist", "KMNIST", "KMNIST", "idx", 60_000, 10_000, "28×28", 10),
        ImageSet(
            "emnist", "EMNIST", "EMNIST", "idx", None, None, "28×28", None, options=(_EMNIST_SPLIT,), transposed=True
        ),
        ImageSet("qmnist", "QMNIST", "QMNIST", "idx", 60_000, 60_000, "28×28", 10),
        ImageSet("usps", "USPS", "USPS", "arrays", 7_291, 2_007, "16×16", 10),
        ImageSet(
            "cifar10",
            "CIFAR-10",
            "CIFAR10",
            "arrays",
            50_000,
            10_000,
            "32×32 in colour",
            10,
            (0.4914, 0.4822, 0.4465),
            (0.2470, 0.2435, 0.2616),
            (AUGMENTATION,),
        ),
        ImageSet(
            "cifar100",
            "CIFAR-100",
            "CIFAR100",
            "arrays",
            50_000,
            10_000,
            "32×32 in colour",
            100,
            (0.5071, 0.4865, 0.4409),
            (0.2673, 0.2564, 0.2762),
            (AUGMENTATION,),
        ),
        ImageSet(
            "svhn",
            "SVHN",
            "SVHN",
            "arrays",
            73_257,
            26_032,
            "32×32 in colour",
            10,
            (0.4377, 0.4438, 0.4728),
            (0.1980, 0.2010, 0.1970),
            needs=_SCIPY,
        ),
        ImageSet(
            "eurosat",
            "EuroSAT",
            "EuroSAT",
            "photos",
            21_600,
            5_400,
            "in colour, from space",
            10,
            *IMAGENET,
            _PHOTO_OPTIONS,
            2048,
        ),
        ImageSet(
            "gtsrb",
            "GTSRB",
            "GTSRB",
            "photos",
            26_640,
            12_630,
            "of traffic signs",
            43,
            *IMAGENET,
            _PHOTO_OPTIONS,
            2048,
        ),
        ImageSet(
            "flowers102",
            "Flowers-102",
            "Flowers102",
            "photos",
            1_020,
            1_020,
            "of flowers",
            102,
            *IMAGENET,
            _PHOTO_OPTIONS,
            needs=_SCIPY,
        ),
        ImageSet(
            "oxford_pets",
            "Oxford-IIIT Pet",
            "OxfordIIITPet",
            "photos",
            3_680,
            3_669,
            "of cats and dogs",
            37,
            *IMAGENET,
            _PHOTO_OPTIONS,
        ),
        ImageSet(
            "food101",
            "Food-101",
            "Food101",
            "photos",
            75_750,
            25_250,
            "of dishes",
            101,
            *IMAGENET,
            _PHOTO_OPTIONS,
            2048,
        ),
    )
}
"""By key of the source."""

IMAGE_SETS: tuple[SourceRow, ...] = tuple(image_set.row for image_set in SETS.values())
"""Rows of the registry."""

IMAGE_FOLDER = SourceRow(
    key="image_folder",
    label="Image folder",
    short="images",
    detail="A folder with one sub-folder of images for each class, or train and val folders with such sub-folders",
    dotted="lrgui.tasks.data.images.folder.load",
    models=IMAGE_MODELS,
    train_size=None,
    val_size=None,
    group="Your files",
    path=PathRow("Folder", "folder", "A folder with one sub-folder of images for each class"),
    options=(
        SIZE,
        Option(
            "colour",
            "Colour",
            "choice",
            "colour",
            "Three channels (red, green, blue), or one",
            choices=(("colour", "Colour"), ("grey", "Grey")),
            rare=True,
        ),
        Option(
            "validation",
            "Validation share",
            "number",
            0.2,
            "Share of each class used for validation, 0 for none; a val folder next to train is used instead",
            minimum=0.0,
            maximum=0.9,
        ),
        AUGMENTATION,
        Option(
            "normalisation",
            "Normalisation",
            "choice",
            "imagenet",
            "Mean and standard deviation used to normalise the channels",
            choices=(("imagenet", "ImageNet's, for pretrained models"), ("own", "Measured on the training images")),
            rare=True,
        ),
    ),
    defaults={"batch_size": 32, "subset": None},
    prepare="lrgui.tasks.data.images.folder.prepare",
    needs=("PIL",),
)
"""The row of the person's own images."""
