"""The assets of a SavedModel: files that its graph names, copied into its folder."""
from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.compat import as_bytes, as_text
from rekindle._src.formats.files import file_error, local_path
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.tensor import Tensor
from rekindle._src.saved_model import constants, files


def save_assets(
    tensors: Any, keep: Callable[[str, Tensor], None], export_dir: str
) -> None:
    """Copy the files that string constants name into the assets of a SavedModel.

    Args:
      tensors: the constants; None: none.
      keep: is called with the name in the assets and the constant.
      export_dir: the folder of the SavedModel.

    Raises:
      TypeError: a tensor is no string constant.
      ValueError: a path is empty.
    """
    if tensors is None:
        logging.info("No assets to save.")
    paths: dict[str, str] = {}
    for tensor in tensors or ():
        path = _path_of(tensor)
        if not path:
            raise ValueError(f"Invalid asset filepath tensor {tensor}")
        name = get_asset_filename_to_add(path, paths)
        keep(name, tensor)
        paths[name] = path
    if not paths:
        logging.info("No assets to write.")
        return
    logging.info("Assets added to graph.")
    copy_assets_to_destination_dir(paths, export_dir)


def _path_of(tensor: Any) -> str:
    if not isinstance(tensor, Tensor):
        raise TypeError("Asset path tensor must be a Tensor.")
    if tensor.op.type != "Const":
        raise TypeError("Asset path tensor must be of type constant.")
    if tensor.dtype != dtypes.string:
        raise TypeError("Asset path tensor must be of dtype string.")
    values = tensor.op.get_attr("value").string_val
    if len(values) != 1:
        raise TypeError("Asset path tensor must be a scalar.")
    return as_text(values[0])


def get_asset_filename_to_add(asset_filepath: Any, asset_filename_map: dict[Any, Any]) -> Any:
    """The name that a file gets among assets.

    Args:
      asset_filepath: the file.
      asset_filename_map: names that are taken -> their files.

    Returns:
      Its last part; with "_1", "_2", ... behind it where another file has that.
    """
    name = os.path.basename(asset_filepath)
    other = asset_filename_map.get(name)
    if other is None or other == asset_filepath or filecmp.cmp(other, asset_filepath, shallow=False):
        return name
    unique, number = name, 1
    while unique in asset_filename_map:
        unique = f"{name}_{number}" if isinstance(name, str) else as_bytes(f"{as_text(name)}_{number}")
        number += 1
    return unique


def copy_assets_to_destination_dir(asset_filename_map: dict[Any, Any], destination_dir: Any) -> None:
    """Copy files into the assets of a SavedModel; those that are there stay.

    Args:
      asset_filename_map: names in the assets -> the files.
      destination_dir: the folder of the SavedModel.
    """
    folder = files.get_or_create_assets_dir(local_path(as_text(destination_dir)))
    for name, path in asset_filename_map.items():
        target = os.path.join(folder, as_text(name))
        if not os.path.exists(target):
            try:
                shutil.copyfile(local_path(path), target)
            except OSError as error:
                raise file_error(error, as_text(path)) from None
    logging.info("Assets written to: %s", folder)


def asset_message(name: str, tensor: Tensor) -> Any:
    """The AssetFileDef of an asset."""
    return proto.AssetFileDef(filename=name, tensor_info=proto.TensorInfo(name=tensor.name))


def get_asset_tensors(
    export_dir: Any, meta_graph_def_to_load: Any, import_scope: str | None = None
) -> dict[str, bytes]:
    """Names of the tensors that name assets, to the paths of these.

    Args:
      export_dir: the folder of the SavedModel.
      meta_graph_def_to_load: the MetaGraphDef.
      import_scope: the scope to put the names below.

    Raises:
      ValueError: an asset lies outside of the assets.
    """
    found = list(meta_graph_def_to_load.asset_file_def)
    collections = meta_graph_def_to_load.collection_def
    if not found and constants.ASSETS_KEY in collections:
        for packed in collections[constants.ASSETS_KEY].any_list.value:
            found.append(proto.AssetFileDef())
            packed.Unpack(found[-1])
    folder = files.get_assets_dir(export_dir)
    out = {}
    for asset in found:
        if os.path.isabs(asset.filename) or ".." in asset.filename.split("/"):
            raise ValueError(f"asset {asset.filename!r} of {as_text(export_dir)} lies outside of its assets")
        name = f"{import_scope}/{asset.tensor_info.name}" if import_scope else asset.tensor_info.name
        out[name] = as_bytes(os.path.join(folder, asset.filename))
    return out
