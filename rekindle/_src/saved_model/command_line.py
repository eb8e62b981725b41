"""`rekindle saved-model`, which TensorFlow calls saved_model_cli: show, run, scan."""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import meta_graph, proto
from rekindle._src.graph.graph import Graph
from rekindle._src.run.session import Session
from rekindle._src.saved_model import loader
from rekindle._src.saved_model.command_functions import show_defined_functions
from rekindle._src.saved_model.command_inputs import load_inputs_from_input_arg_string
from rekindle._src.saved_model.files import (
    get_meta_graph_def,
    get_saved_model_tag_sets,
    read_saved_model,
)

#: ops that reach files or the terminal
_OP_BLACKLIST = {"WriteFile", "ReadFile", "PrintV2"}


def show(args: Any) -> None:
    """Print what the flags `dir`, `all`, `tag_set` and `signature_def` ask for."""
    if args.all:
        _show_all(args.dir)
    elif args.tag_set is None:
        tag_sets = sorted(get_saved_model_tag_sets(args.dir))
        print("The given SavedModel contains the following tag-sets:")
        for tags in tag_sets:
            print(", ".join(sorted(tags)))
    elif args.signature_def is None:
        signatures = get_signature_def_map(args.dir, args.tag_set)
        print("The given SavedModel MetaGraphDef contains SignatureDefs with the following keys:")
        for key in sorted(signatures):
            print(f'SignatureDef key: "{key}"')
    else:
        _show_signature(_signature(args.dir, args.tag_set, args.signature_def))


def _signature(saved_model_dir: str, tag_set: str, key: str) -> Any:
    """The SignatureDef with a key.

    Raises:
      ValueError: there is none.
    """
    signatures = get_signature_def_map(saved_model_dir, tag_set)
    if key not in signatures:
        choices = '", "'.join(sorted(signatures))
        raise ValueError(f'"{key}" is not a valid signature key. Please choose from "{choices}".')
    return signatures[key]


def get_signature_def_map(saved_model_dir: str, tag_set: str) -> Any:
    """The SignatureDefs by key of the graph with these tags, separated by commas."""
    return get_meta_graph_def(saved_model_dir, tag_set).signature_def


def _show_all(saved_model_dir: str) -> None:
    model = read_saved_model(saved_model_dir)
    for one in sorted(model.meta_graphs, key=lambda one: list(one.meta_info_def.tags)):
        tags = ", ".join(one.meta_info_def.tags)
        print(f"\nMetaGraphDef with tag-set: '{tags}' contains the following SignatureDefs:")
        for key in sorted(one.signature_def):
            print(f"\nsignature_def['{key}']:")
            _show_signature(one.signature_def[key], indent=1)
    for one in model.meta_graphs:
        if one.HasField("object_graph_def"):
            show_defined_functions(one.object_graph_def)


def _show_signature(signature: Any, indent: int = 0) -> None:
    margin = "  " * indent
    for side, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        print(f"{margin}The given SavedModel SignatureDef contains the following {side}(s):")
        for key, info in sorted(tensors.items()):
            print(f"{margin}  {side}s['{key}'] tensor_info:")
            _print_tensor_info(info, indent + 1)
    print(f"{margin}Method name is: {signature.method_name}")


def _print_tensor_info(tensor_info: Any, indent: int = 0) -> None:
    margin = "  " * indent + "    "
    shape = "unknown_rank"
    if not tensor_info.tensor_shape.unknown_rank:
        shape = f"({', '.join(str(one.size) for one in tensor_info.tensor_shape.dim)})"
    print(f"{margin}dtype: {_type_name(tensor_info.dtype)}")
    print(f"{margin}shape: {shape}")
    print(f"{margin}name: {tensor_info.name}")


def _type_name(number: int) -> str:
    names = {value: name for name, value in proto.DataType.items()}
    return names.get(number, f"{number}, which no DataType is")


def run(args: Any) -> None:
    """Run a signature as the flags say, and print its outputs.

    Raises:
      AttributeError: there is nothing to feed.
      NotImplementedError: a flag asks for a TPU or the debugger.
    """
    if not args.inputs and not args.input_exprs and not args.input_examples:
        raise AttributeError("At least one of --inputs, --input_exprs or --input_examples must be required")
    feeds = load_inputs_from_input_arg_string(args.inputs, args.input_exprs, args.input_examples)
    run_saved_model_with_feed_dict(
        args.dir,
        args.tag_set,
        args.signature_def,
        feeds,
        args.outdir,
        args.overwrite,
        worker=args.worker,
        init_tpu=args.init_tpu,
        tf_debug=args.tf_debug,
    )


def run_saved_model_with_feed_dict(
    saved_model_dir: str,
    tag_set: str,
    signature_def_key: str,
    input_tensor_key_feed_dict: dict[str, Any],
    outdir: str | None,
    overwrite_flag: bool,
    worker: str | None = None,
    init_tpu: bool | None = False,
    tf_debug: bool = False,
) -> None:
    """Run a signature and print its outputs.

    Args:
      saved_model_dir: the folder of the SavedModel.
      tag_set: the tags of the graph, separated by commas.
      signature_def_key: the signature.
      input_tensor_key_feed_dict: values by input name.
      outdir: a folder to write the outputs to as .npy files, or None.
      overwrite_flag: write over files that are there.
      worker: the session's target.
      init_tpu, tf_debug: not supported.

    Raises:
      ValueError: there is no such signature, or it does not have an input.
      RuntimeError: there is no such graph, or a file is there already.
      NotImplementedError: a TPU or the debugger is asked for.
    """
    for flag, given in (("--init_tpu", init_tpu), ("--tf_debug", tf_debug)):
        if given:
            raise NotImplementedError(f"saved_model_cli run {flag} is not supported")
    signature = _signature(saved_model_dir, tag_set, signature_def_key)
    for key in input_tensor_key_feed_dict:
        if key not in signature.inputs:
            choices = '", "'.join(signature.inputs)
            raise ValueError(
                f'"{key}" is not a valid input key. Please choose from "{choices}", or use --show option.'
            )
    feeds = {signature.inputs[key].name: value for key, value in input_tensor_key_feed_dict.items()}
    keys = sorted(signature.outputs)
    with Session(worker or "", graph=Graph()) as sess:
        loader.load(sess, tag_set.split(","), saved_model_dir)
        values = sess.run([signature.outputs[key].name for key in keys], feed_dict=feeds)
    for key, value in zip(keys, values, strict=True):
        print(f"Result for output key {key}:\n{value}")
        if outdir:
            _write(key, value, outdir, overwrite_flag)


def _write(key: str, value: Any, outdir: str, overwrite: bool) -> None:
    os.makedirs(outdir, exist_ok=True)
    path = os.path.join(outdir, key + ".npy")
    if not overwrite and os.path.exists(path):
        raise RuntimeError(
            f'Output file {path} already exists. Add "--overwrite" to overwrite the existing output files.'
        )
    np.save(path, value)
    print(f"Output {key} is saved to {path}")


def scan(args: Any) -> None:
    """Say whether graphs have ops that reach files or the terminal."""
    if args.tag_set:
        graphs = [get_meta_graph_def(args.dir, args.tag_set)]
    else:
        graphs = read_saved_model(args.dir).meta_graphs
    for one in graphs:
        scan_meta_graph_def(one)


def scan_meta_graph_def(meta_graph_def: Any) -> None:
    """Say whether a graph has ops that reach files or the terminal."""
    tags = list(meta_graph_def.meta_info_def.tags)
    found = _OP_BLACKLIST & set(meta_graph.ops_used_by_graph_def(meta_graph_def.graph_def))
    if found:
        print(f"MetaGraph with tag set {tags} contains the following blacklisted ops:", found)
    else:
        print(f"MetaGraph with tag set {tags} does not contain blacklisted ops.")


def create_parser(prog: str = "saved_model_cli") -> argparse.ArgumentParser:
    """The parser of the command line; the result's `func` is what to call with it."""
    parser = argparse.ArgumentParser(prog=prog, description="saved_model_cli: Command-line interface for SavedModel")
    parser.add_argument("-v", "--version", action="version", version="0.1.0")
    commands = parser.add_subparsers(title="commands", description="valid commands", help="additional help")
    command = _command(commands, "show", show, "Print tag-sets, signatures, and what these take and give.")
    command.add_argument("--all", action="store_true", help="print everything")
    command.add_argument("--tag_set", help="tags of the graph, separated by ','")
    command.add_argument("--signature_def", metavar="SIGNATURE_DEF_KEY", help="key of the signature to show")
    command = _command(commands, "run", run, "Run a signature on inputs, and print its outputs.")
    command.add_argument("--tag_set", required=True, help="tags of the graph, separated by ','")
    command.add_argument("--signature_def", required=True, metavar="SIGNATURE_DEF_KEY", help="key of the signature")
    for flag, text in (
        ("--inputs", "'<input_key>=<filename>' or '<input_key>=<filename>[<variable_name>]', separated by ';'"),
        ("--input_exprs", "'<input_key>=<expression of literals and np.* calls>', separated by ';'"),
        ("--input_examples", "'<input_key>=[{\"feature\": [values]}]', separated by ';'"),
    ):
        command.add_argument(flag, default="", help=text)
    command.add_argument("--outdir", help="folder to write the outputs to")
    command.add_argument("--overwrite", action="store_true", help="write over files that are there")
    command.add_argument("--worker", help="the session's target")
    command.add_argument("--tf_debug", action="store_true", help="not supported")
    command.add_argument("--init_tpu", action="store_true", default=None, help="not supported")
    command = _command(commands, "scan", scan, "Tell of ops that reach files or the terminal.")
    command.add_argument("--tag_set", help="tags of the graph, separated by ','")
    return parser


def _command(commands: Any, name: str, function: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, description=text, help=text)
    command.add_argument("--dir", required=True, help="folder of the SavedModel")
    command.set_defaults(func=function)
    return command


def main(argv: list[str] | None = None, prog: str = "saved_model_cli") -> None:
    """The command line."""
    parser = create_parser(prog)
    args = parser.parse_args(sys.argv[1:] if argv is None else argv)
    if not hasattr(args, "func"):
        parser.error("too few arguments")
    args.func(args)


run_main = main
