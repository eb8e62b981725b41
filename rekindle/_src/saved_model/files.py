"""The files of a SavedModel: where they lie, and `saved_model.pb` or `saved_model.pbtxt` read.

Holds `read_saved_model`, the choice of a MetaGraphDef by its tags, and the paths.
"""
from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from rekindle._src.compat import as_text
from rekindle._src.formats.files import file_error, local_path, open_file
from rekindle._src.graph import proto
from rekindle._src.names import public
from rekindle._src.saved_model import constants


@public(
    "saved_model.contains_saved_model",
    "saved_model.maybe_saved_model_directory",
    "saved_model.loader.maybe_saved_model_directory",
)
def maybe_saved_model_directory(export_dir: str) -> bool:
    """Whether a folder has a `saved_model.pb` or `saved_model.pbtxt`."""
    return any(os.path.exists(path) for path in _candidates(export_dir))


contains_saved_model = maybe_saved_model_directory


def _candidates(export_dir: Any) -> tuple[str, str]:
    folder = local_path(as_text(os.fspath(export_dir)))
    names = (constants.SAVED_MODEL_FILENAME_PB, constants.SAVED_MODEL_FILENAME_PBTXT)
    return os.path.join(folder, names[0]), os.path.join(folder, names[1])


def read_saved_model(saved_model_dir: str) -> Any:
    """The SavedModel message of a folder; where both forms are there, the binary one.

    Raises:
      OSError: there is none, or it is no SavedModel.
    """
    binary, text = _candidates(saved_model_dir)
    if not os.path.exists(binary) and not os.path.exists(text):
        names = f"{constants.SAVED_MODEL_FILENAME_PBTXT}|{constants.SAVED_MODEL_FILENAME_PB}"
        raise OSError(f"SavedModel file does not exist at: {saved_model_dir}/{{{names}}}")
    path = binary if os.path.exists(binary) else text
    with open_file(path, "rb") as file:
        content = file.read()
    try:
        if path == binary:
            return proto.SavedModel.FromString(content)
        return text_format.Parse(content.decode(), proto.SavedModel())
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None
    except RecursionError:
        raise OSError(f"Cannot parse file {path}: its messages are nested too deep.") from None


parse_saved_model = read_saved_model


def get_saved_model_tag_sets(saved_model_dir: str) -> list[list[str]]:
    """The tags of each MetaGraphDef in a SavedModel."""
    return [list(one.meta_info_def.tags) for one in read_saved_model(saved_model_dir).meta_graphs]


def get_meta_graph_def(saved_model_dir: str, tag_set: str) -> Any:
    """The MetaGraphDef of a SavedModel that has exactly the tags, separated by commas.

    Raises:
      RuntimeError: there is none.
    """
    tags = set(tag_set.split(","))
    for one in read_saved_model(saved_model_dir).meta_graphs:
        if set(one.meta_info_def.tags) == tags:
            return one
    raise RuntimeError(
        f"MetaGraphDef associated with tag-set {tag_set} could not be found in SavedModel"
    )


def get_variables_dir(export_dir: Any) -> str:
    """The folder of the variables."""
    return os.path.join(as_text(os.fspath(export_dir)), constants.VARIABLES_DIRECTORY)


def get_variables_path(export_dir: Any) -> str:
    """The path of the checkpoint that has the variables."""
    return os.path.join(get_variables_dir(export_dir), constants.VARIABLES_FILENAME)


def get_assets_dir(export_dir: Any) -> str:
    """The folder of the assets."""
    return os.path.join(as_text(os.fspath(export_dir)), constants.ASSETS_DIRECTORY)


def get_or_create_variables_dir(export_dir: Any) -> str:
    """The folder of the variables, made if it is not there."""
    return make_folder(get_variables_dir(export_dir))


def get_or_create_assets_dir(export_dir: Any) -> str:
    """The folder of the assets, made if it is not there."""
    return make_folder(get_assets_dir(export_dir))


def make_folder(path: str) -> str:
    """The path, a folder there.

    Raises:
      errors.OpError: it cannot be made.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise file_error(error, path) from None
    return path
