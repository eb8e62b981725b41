"""The import hook: `import tensorflow` and everything below it, answered by Rekindle.

Holds `install` and the finder that it puts on `sys.meta_path`. Public modules (`tensorflow.nn`) are
Rekindle's own modules under a second name; modules inside TensorFlow (`tensorflow.python.ops`) are
made by rekindle/_deep_paths.py. `tf_slim` is TF-Slim, the later package of that name.
"""
from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from rekindle import _deep_paths, _era, _missing
from rekindle._src import facts

ROOTS = ("tensorflow", "tensorflow_core", "tf_slim")
#: folders of TensorFlow that hold inner modules; `contrib` holds public modules too
INNER = ("python", "core", "examples", "contrib")
#: the start of a path in tf_slim -> the same in TensorFlow 1.15
SLIM = {
    "": "contrib.slim",
    "layers": "contrib.layers.python.layers",
    "ops": "contrib.framework.python.ops",
    "data": "contrib.slim.python.slim.data",
    "nets": "contrib.slim.python.slim.nets",
    "training": "contrib.training.python.training",
    "metrics": "contrib.metrics.python.ops",
}


def install() -> None:
    """Let `import tensorflow` give Rekindle in this process; calling it again changes nothing.

    Python and numpy get back the names that TensorFlow 1 programs know (`np.float`, `time.clock`).

    Raises:
      ImportError: another tensorflow is imported already.
    """
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    other = sys.modules.get("tensorflow")
    if other is not None:
        where = getattr(other, "__file__", "an unknown place")
        raise ImportError(
            f"another tensorflow ({where}) is imported already; call rekindle.install() before "
            "the first `import tensorflow`"
        )
    _era.restore()
    sys.meta_path.insert(0, Finder())
    sys.meta_path.append(MissingFinder())


class Finder(MetaPathFinder):
    """Finds `tensorflow`, `tensorflow_core`, `tf_slim` and all modules below them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, rest = fullname.partition(".")
        if root not in ROOTS:
            return None
        rest = slim_path(rest) if root == "tf_slim" else plain_path(rest)
        return ModuleSpec(fullname, AliasLoader(rest), is_package=True)


class AliasLoader(Loader):
    """Puts the module that answers an import into `sys.modules` under the name asked for."""

    def __init__(self, path: str) -> None:
        self.path = path

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = answer(self.path)


class MissingFinder(MetaPathFinder):
    """Stands last: words the error about a public module or name that no file of Rekindle has."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, rest = fullname.partition(".")
        if root == "rekindle" and not rest.startswith("_"):
            raise missing_module(rest)
        return None


def answer(path: str) -> ModuleType:
    """The module for `tensorflow.<path>`.

    Raises:
      ModuleNotFoundError: TensorFlow 1.15 or Rekindle has no such module.
    """
    if is_public_module(path):
        return importlib.import_module(f"rekindle.{path}" if path else "rekindle")
    if path.split(".")[0] not in INNER or not _deep_paths.is_known(path):
        raise missing_module(path)
    if path.startswith("contrib.") and not _deep_paths.has_any(path):
        raise missing_module(path)
    return _deep_paths.module(path)


def is_public_module(path: str) -> bool:
    """Whether rekindle/<path>/__init__.py is there."""
    if not path:
        return True
    if path.startswith("_"):
        return False
    above, _, word = path.rpartition(".")
    if not is_public_module(above):
        return False
    package = importlib.import_module(f"rekindle.{above}" if above else "rekindle")
    spec = PathFinder.find_spec(f"{package.__name__}.{word}", package.__path__)
    return spec is not None and spec.submodule_search_locations is not None


def plain_path(rest: str) -> str:
    """Drop `compat.v1.` and `_api.v1.`, which hold the same names."""
    return re.sub(r"^(?:(?:compat|_api)\.v1(?:\.|$))+", "", rest)


def slim_path(rest: str) -> str:
    """The path below `tensorflow.` of a module of tf_slim."""
    head, _, tail = rest.partition(".")
    if head in SLIM:
        return f"{SLIM[head]}.{tail}".rstrip(".")
    return f"{SLIM['']}.{rest}"


def missing_module(path: str) -> ModuleNotFoundError:
    """The error about `tensorflow.<path>`, a missing module or (`from ... import`) name."""
    above, _, word = path.rpartition(".")
    if path in facts.deep_modules():
        said = f"No module named 'tensorflow.{path}': TensorFlow 1.15 has it, Rekindle lacks it"
    elif is_public_module(above):
        said = _missing.message(above, word)
    elif _deep_paths.is_known(above):
        said = _deep_paths.missing_text(above, word)
    else:
        said = f"No module named 'tensorflow.{path}': TensorFlow 1.15 has none either"
    return ModuleNotFoundError(said)
