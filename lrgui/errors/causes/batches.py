"""Examples that form no batch."""

from __future__ import annotations

from lrgui.errors.causes.cause import Cause, shape_name

BATCHES: tuple[Cause, ...] = (
    Cause(
        "examples of other sizes",
        r"stack expects each tensor to be equal size, but got \[(?P<one>.*?)\] at entry \d+ and \[(?P<two>.*?)\]",
        lambda m: (
            f"Examples of different shapes ({shape_name(m['one'])} and {shape_name(m['two'])}) cannot be batched: "
            "bring them to one size in the data set (resize, crop, pad), or write a collate_fn that pads."
        ),
    ),
    Cause(
        "examples of other sizes, loaded elsewhere",  # a process that loads batches has no better words for it
        r"Trying to resize storage that is not resizable",
        "Examples of different shapes cannot be batched: bring them to one size in the data set (resize, crop, pad), "
        "or write a collate_fn that pads.",
    ),
    Cause(
        "examples of other lengths",
        r"each element in list of batch should be of equal size",
        "Examples of different lengths cannot be batched: return tensors of one size, or write a collate_fn that pads.",
    ),
    Cause(
        "no image",
        r"default_collate: batch must contain .* found <class 'PIL\.",
        "The data set returns images, but batches need tensors: end its transform with ToTensor().",
    ),
    Cause(
        "nothing in a batch",
        r"default_collate: batch must contain .* found <class 'NoneType'>",
        "The data set returns None: __getitem__ has no return statement, or not on every path.",
    ),
    Cause(
        "not for a batch",
        r"default_collate: batch must contain .* found (?:<class ')?(?P<got>[\w.]+)",
        "The data set returns a {got}, which cannot be batched: return tensors, numbers or a dict of them, "
        "or write a collate_fn.",
    ),
    Cause(
        "pickling",
        r"Can't pickle|[Cc]annot pickle|Can't get (?:local )?(?:object|attribute)",
        "The data set cannot be sent to the DataLoader workers: it, its transform or its collate_fn contains a lambda, "
        "a nested function or an open file. Move it to the top level of the file, or set the DataLoader workers to 0.",
        ("PicklingError", "AttributeError", "TypeError"),
    ),
    Cause(
        "no examples",
        r"num_samples should be a positive integer value, but got num_samples=0",
        "The data set is empty: check its path and filter.",
    ),
)
