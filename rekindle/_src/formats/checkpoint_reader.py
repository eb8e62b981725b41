"""`tf.train.NewCheckpointReader`: what is in a checkpoint, whichever its format.

Holds `open_checkpoint`, `CheckpointReader` and `NewCheckpointReader`.
"""
from __future__ import annotations

import glob
import os

import numpy as np

from rekindle._src import errors
from rekindle._src.formats.checkpoint_v1 import SliceReader
from rekindle._src.formats.files import local_path
from rekindle._src.formats.tensor_bundle import BundleReader, index_path
from rekindle._src.graph import proto
from rekindle._src.graph.dtypes import DType
from rekindle._src.names import public


def open_checkpoint(prefix: str) -> BundleReader | SliceReader:
    """A reader of the checkpoint at `prefix`, of the second format if it has an index file.

    Raises:
      NotFoundError: there is no checkpoint.
      DataLossError: it is damaged.
    """
    prefix = local_path(prefix)
    return BundleReader(prefix) if glob.glob(index_path(prefix)) else SliceReader(prefix)


def newest_whole(folder: str) -> str | None:
    """The path of the newest checkpoint in a folder whose files are all there and long enough; None if none is."""
    found = [(os.stat(path).st_mtime_ns, path) for path in glob.glob(os.path.join(glob.escape(folder), "*.index"))]
    for _, path in sorted(found, reverse=True):
        prefix = path.removesuffix(".index")
        try:
            if BundleReader(prefix).is_complete():
                return prefix
        except errors.OpError:
            continue
    return None


class CheckpointReader:
    """Looks into a checkpoint.

    Args:
      prefix: the path that `Saver.save` gave.

    Raises:
      NotFoundError: there is no checkpoint.
      DataLossError: it is damaged.
    """

    def __init__(self, prefix: str) -> None:
        self._reader = open_checkpoint(prefix)
        self._facts: dict[str, tuple[DType, tuple[int, ...]]] = {
            name: self._reader.facts(name) for name in self._reader.names()
        }

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The full shape of each tensor by name."""
        return {name: list(shape) for name, (_, shape) in self._facts.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        """The type of each tensor by name."""
        return {name: dtype for name, (dtype, _) in self._facts.items()}

    def has_tensor(self, tensor_str: str) -> bool:
        """True if there is a tensor of that name."""
        return _text(tensor_str) in self._reader

    def get_tensor(self, tensor_str: str) -> np.ndarray | bytes | np.generic:
        """The value of a tensor as a numpy array; a scalar string as bytes.

        Raises:
          NotFoundError: there is none of that name.
        """
        array = self._reader.read(_text(tensor_str))
        if array.ndim == 0:
            return array.item() if array.dtype == object else array[()]
        return array

    def debug_string(self) -> bytes:
        """A line "name (type) shape" for each tensor."""
        lines = []
        for name, (dtype, shape) in self._facts.items():
            kind = proto.DataType.Name(dtype.as_datatype_enum)
            lines.append(f"{name} ({kind}) [{','.join(map(str, shape))}]\n")
        return "".join(lines).encode(errors="surrogateescape")


@public("train.NewCheckpointReader")
def NewCheckpointReader(filepattern: str) -> CheckpointReader:  # noqa: N802 - TensorFlow's name
    """A `CheckpointReader` of the checkpoint at the path that `Saver.save` gave.

    Raises:
      NotFoundError: there is no checkpoint.
      DataLossError: it is damaged.
    """
    return CheckpointReader(_text(filepattern))


def _text(text: str | bytes | os.PathLike[str]) -> str:
    return os.fsdecode(text)
