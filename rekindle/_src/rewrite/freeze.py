"""The tool freeze_graph: a graph and a checkpoint in, a GraphDef without variables out."""
from __future__ import annotations

import argparse
import os
import re
from typing import Any

from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.formats.graph_files import read_message, write_message
from rekindle._src.formats.graph_import import import_graph_def
from rekindle._src.graph import proto
from rekindle._src.rewrite.constants import convert_variables_to_constants
from rekindle._src.rewrite.flag_types import parsed, switch
from rekindle._src.run.session import Session
from rekindle._src.saved_model import constants, files, loader
from rekindle._src.train.checkpoint_files import checkpoint_exists
from rekindle._src.train.meta_graph_files import import_meta_graph
from rekindle._src.train.saver import Saver

_V2 = proto.SaverDef.V2


def freeze_graph_with_def_protos(
    input_graph_def: Any,
    input_saver_def: Any,
    input_checkpoint: str,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph_def: Any = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: list[str] | None = None,
    checkpoint_version: int = _V2,
) -> Any:
    """The GraphDef of what the outputs need, its variables as constants with the checkpoint's values.

    Args:
      input_graph_def: the GraphDef, or None.
      input_saver_def: the SaverDef of the Saver in it, or None.
      input_checkpoint: the path of the checkpoint.
      output_node_names: names of the nodes to keep, separated by commas.
      restore_op_name, filename_tensor_name: not needed; accepted as in TensorFlow.
      output_graph: the file to write; "" for none.
      clear_devices: leave the devices out.
      initializer_nodes: names of the nodes to run after the variables were restored.
      variable_names_whitelist: names of the variables to convert; "" for all.
      variable_names_blacklist: names of variables to keep.
      input_meta_graph_def: a MetaGraphDef in place of the GraphDef, or None.
      input_saved_model_dir: the folder of a SavedModel in place of graph and checkpoint, or None.
      saved_model_tags: the tags of the wanted graph in it.
      checkpoint_version: the format that the Saver writes.

    Raises:
      ValueError: there is no checkpoint, no output, or no variable.
    """
    if not input_saved_model_dir and not checkpoint_exists(input_checkpoint):
        raise ValueError(f"Input checkpoint '{input_checkpoint}' doesn't exist!")
    if not output_node_names:
        raise ValueError("You need to supply the name of a node to --output_node_names.")
    graph_def = input_meta_graph_def.graph_def if input_meta_graph_def else input_graph_def
    if clear_devices and graph_def is not None:
        for node in graph_def.node:
            node.device = ""
    if input_graph_def:
        import_graph_def(input_graph_def, name="")
    with Session() as sess:
        if input_saver_def:
            Saver(saver_def=input_saver_def, write_version=checkpoint_version).restore(sess, input_checkpoint)
        elif input_meta_graph_def:
            saver = import_meta_graph(input_meta_graph_def, clear_devices=True)
            if saver is not None:
                saver.restore(sess, input_checkpoint)
        elif input_saved_model_dir:
            loader.load(sess, saved_model_tags or [], input_saved_model_dir)
        else:
            _saver_of_checkpoint(sess.graph, input_checkpoint, checkpoint_version).restore(sess, input_checkpoint)
        if initializer_nodes and not input_saver_def and not input_saved_model_dir:
            sess.run(_names(initializer_nodes))
        out = convert_variables_to_constants(
            sess,
            graph_def,
            _names(output_node_names) or [],
            variable_names_whitelist=_names(variable_names_whitelist),
            variable_names_blacklist=_names(variable_names_blacklist),
        )
    if output_graph:
        write_message(out, output_graph, make_folder=False)
    return out


def _names(text: str | None) -> list[str] | None:
    return text.replace(" ", "").split(",") if text else None


def _saver_of_checkpoint(graph: Any, path: str, version: int) -> Saver:
    """A Saver of those variables of a graph that a checkpoint has.

    Raises:
      ValueError: variables are partitioned, or there are none.
    """
    tensors = {}
    for key in NewCheckpointReader(path).get_variable_to_shape_map():
        try:
            tensor = graph.get_tensor_by_name(f"{key}:0")
        except (KeyError, ValueError):
            continue  # not a variable of this graph: a step counter, a slot
        reads = [op.outputs[0] for op in tensor.consumers() if op.type == "ReadVariableOp"]
        tensors[key] = reads[0] if tensor.op.type == "VarHandleOp" and reads else tensor
    parts = [one.name for op in graph.get_operations() for one in op.outputs if re.search(r"/part_\d+/", one.name)]
    try:
        return Saver(var_list=tensors, write_version=version)
    except (TypeError, ValueError):
        if any(key in one for key in tensors for one in parts):
            raise ValueError(
                "Models containing partition variables cannot be converted from checkpoint files. Please pass in a "
                "SavedModel using the flag --input_saved_model_dir."
            ) from None
        types = [op.type for op in graph.get_operations()]
        if not any(one.startswith("Variable") or one.endswith("VariableOp") for one in types):
            raise ValueError(
                "No variables were found in this model. It is likely the model was frozen previously. You cannot "
                "freeze a graph twice."
            ) from None
        raise


def freeze_graph(
    input_graph: str,
    input_saver: str,
    input_binary: bool,
    input_checkpoint: str,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph: str | None = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: str = constants.SERVING,
    checkpoint_version: int = _V2,
) -> Any:
    """`freeze_graph_with_def_protos` on files.

    Args:
      input_graph: the file of a GraphDef, or "".
      input_saver: the file of a SaverDef, or "".
      input_binary: whether these files are binary; otherwise they are text.
      input_checkpoint: the path of the checkpoint.
      output_node_names: names of the nodes to keep, separated by commas.
      restore_op_name, filename_tensor_name: not needed; accepted as in TensorFlow.
      output_graph: the file to write; "" for none.
      clear_devices: leave the devices out.
      initializer_nodes: names of the nodes to run after the variables were restored.
      variable_names_whitelist: names of the variables to convert; "" for all.
      variable_names_blacklist: names of variables to keep.
      input_meta_graph: the file of a MetaGraphDef, or None.
      input_saved_model_dir: the folder of a SavedModel, or None.
      saved_model_tags: the tags of the wanted graph in it, separated by commas.
      checkpoint_version: the format that the Saver writes.

    Raises:
      OSError: a file is not there.
      ValueError: there is no checkpoint, no output, or no variable.
    """
    graph_def = None
    if input_saved_model_dir:
        graph_def = files.get_meta_graph_def(input_saved_model_dir, saved_model_tags).graph_def
    elif input_graph:
        graph_def = _read(input_graph, "graph", proto.GraphDef, input_binary)
    meta_graph_def = None
    if input_meta_graph:
        meta_graph_def = _read(input_meta_graph, "meta graph", proto.MetaGraphDef, input_binary)
        print(f"Loaded meta graph file '{input_meta_graph}")
    saver_def = _read(input_saver, "saver", proto.SaverDef, input_binary) if input_saver else None
    return freeze_graph_with_def_protos(
        graph_def,
        saver_def,
        input_checkpoint,
        output_node_names,
        restore_op_name,
        filename_tensor_name,
        output_graph,
        clear_devices,
        initializer_nodes,
        variable_names_whitelist,
        variable_names_blacklist,
        meta_graph_def,
        input_saved_model_dir,
        saved_model_tags.replace(" ", "").split(","),
        checkpoint_version=checkpoint_version,
    )


def _read(path: str, what: str, kind: Any, binary: bool) -> Any:
    if not os.path.exists(path):
        raise OSError(f"Input {what} file '{path}' does not exist!")
    return read_message(path, kind, bool(binary))


#: flag -> its default, what it is
_FLAGS: dict[str, tuple[str, str]] = {
    "--input_graph": ("", "TensorFlow 'GraphDef' file to load."),
    "--input_saver": ("", "TensorFlow saver file to load."),
    "--input_checkpoint": ("", "TensorFlow variables file to load."),
    "--output_graph": ("", "Output 'GraphDef' file name."),
    "--output_node_names": ("", "The name of the output nodes, comma separated."),
    "--restore_op_name": ("save/restore_all", "Not needed."),
    "--filename_tensor_name": ("save/Const:0", "Not needed."),
    "--initializer_nodes": ("", "Nodes to run before freezing, comma separated."),
    "--variable_names_whitelist": ("", "Variables to convert to constants, comma separated; others stay."),
    "--variable_names_blacklist": ("", "Variables to keep, comma separated."),
    "--input_meta_graph": ("", "TensorFlow 'MetaGraphDef' file to load."),
    "--input_saved_model_dir": ("", "Path to the dir with TensorFlow 'SavedModel' file and variables."),
    "--saved_model_tags": ("serve", "All tags of the MetaGraphDef to load, comma separated."),
}


def run_main(argv: list[str] | None = None) -> None:
    """The command line of freeze_graph."""
    parser = argparse.ArgumentParser(
        prog="freeze_graph", description="Converts the variables of a graph to constants with a checkpoint's values."
    )
    for name, (default, text) in _FLAGS.items():
        parser.add_argument(name, default=default, help=text)
    parser.add_argument("--checkpoint_version", type=int, default=2, help="Tensorflow variable file format.")
    switch(parser, "--input_binary", False, "Whether the input files are in binary format.")
    switch(parser, "--clear_devices", True, "Whether to remove device specifications.")
    main([], parsed(parser, argv))


def main(unused_args: Any, flags: Any) -> None:
    """Freeze as flags say.

    Raises:
      ValueError: the checkpoint's version is not known.
    """
    versions = {1: proto.SaverDef.V1, 2: _V2}
    if flags.checkpoint_version not in versions:
        raise ValueError(f"Invalid checkpoint version (must be '1' or '2'): {flags.checkpoint_version}")
    freeze_graph(**vars(flags) | {"checkpoint_version": versions[flags.checkpoint_version]})


