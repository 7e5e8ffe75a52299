"""Images: from settings to arrays, without torch. One file a source."""

from engine.data.cache import default_data_dir
from engine.data.dataset import ImageDataset, Split
from engine.data.describe import (
    ClassInfo,
    DatasetInfo,
    Listing,
    class_groups,
    class_samples,
    class_words,
    describe_dataset,
    list_datasets,
)
from engine.data.fetch import fetch_dataset
from engine.data.load import load_dataset, open_split, resolve_classes

__all__ = [
    "ClassInfo",
    "DatasetInfo",
    "ImageDataset",
    "Listing",
    "Split",
    "class_groups",
    "class_samples",
    "class_words",
    "default_data_dir",
    "describe_dataset",
    "fetch_dataset",
    "list_datasets",
    "load_dataset",
    "open_split",
    "resolve_classes",
]
