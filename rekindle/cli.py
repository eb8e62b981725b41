"""The command `rekindle`: run, check, doctor, inspect and convert.

Holds the commands. What running means stands in _program.py, what checking means in _check.py.
"""
from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console

#: distributions whose versions `rekindle doctor` prints
DISTRIBUTIONS = ("numpy", "protobuf", "tensorboard", "numba", "pillow", "grpcio", "absl-py")


def main() -> None:
    """Parse the command line; then run the program outside of click, so that it ends as it would
    under `python`."""
    try:
        result = commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    if callable(result):
        result()
    else:
        sys.exit(result)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Run TensorFlow 1.x programs on PyTorch."""


@commands.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    options_metavar="[-m]",
)
@click.option("-m", "as_module", is_flag=True, help="SCRIPT is a module's name.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def run(as_module: bool, script: str, arguments: tuple[str, ...]) -> Callable[[], None]:
    """Run SCRIPT as `python` would, `import tensorflow` answered by Rekindle.

    Tracebacks show the program's own frames; REKINDLE_FULL_TRACEBACK=1 shows all.
    """
    from rekindle import _program  # here: it loads torch, which --help does without

    if as_module:
        return partial(_program.run_module, script, list(arguments))
    if not os.path.isfile(script):
        raise click.ClickException(f"can't open file '{script}': no such file")
    return partial(_program.run_script, script, list(arguments))


@commands.command()
@click.argument("scripts", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(scripts: tuple[Path, ...]) -> int:
    """List what SCRIPTS use of TensorFlow and Rekindle lacks, without running them.

    A folder stands for all Python files in it. Exits 1 if anything is missing.
    """
    from rekindle import _check  # here: it loads torch, which --help does without

    files = [file for one in scripts for file in ([one] if one.is_file() else one.rglob("*.py"))]
    missing = 0
    for file in sorted(files):
        try:
            for line, name, said in _check.problems(file.read_bytes(), str(file)):
                click.echo(f"{file}:{line}: {name}: {said}")
                missing += 1
        except SyntaxError as error:
            click.echo(f"{file}:{error.lineno}: not Python 3: {error.msg}")
            missing += 1
    click.echo(f"{len(files)} files, {missing} uses of what Rekindle lacks")
    return int(missing > 0)


@commands.command(context_settings={"ignore_unknown_options": True})
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="PATH...")
def inspect(as_json: bool, arguments: tuple[str, ...]) -> int:
    """Tell what each PATH is and what it holds.

    Knows checkpoints (a prefix, a folder, one of the files), SavedModels, graphs and meta graphs (binary or text),
    records, event files and safetensors. Exits 1 if something is damaged. The flags of TensorFlow's
    inspect_checkpoint (--file_name, --tensor_name, ...) do what they do there.
    """
    from rekindle._src import errors  # here: --help does without
    from rekindle._src.tools import describe, inspect_checkpoint, show

    if any(one.startswith("--") for one in arguments):
        inspect_checkpoint.main(argv=list(arguments))
        return 0
    if not arguments:
        raise click.UsageError("Missing argument 'PATH...'.")
    found = []
    for path in arguments:
        try:
            found.append(describe.describe(path))
        except (errors.OpError, OSError) as error:
            raise click.ClickException(_worded(error)) from None
    if as_json:
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=1))
    else:
        console = Console()
        for one in found:
            show.show(one, console)
    return int(any("damage" in one for one in found))


@commands.command()
@click.option("--slots/--no-slots", default=True, help="Keep the optimizers' tensors (default) or drop them.")
@click.argument("source")
@click.argument("target")
def convert(slots: bool, source: str, target: str) -> None:
    """Write a checkpoint, frozen graph or SavedModel as safetensors, or safetensors as a checkpoint.

    TARGET is a file that ends with .safetensors, or else the prefix of a checkpoint. Of a graph, its nodes are written
    beside it as a meta graph (.meta), the weights as variables. Nothing is unpickled.
    """
    from rekindle._src import errors  # here: --help does without
    from rekindle._src.tools import convert as conversion

    try:
        found = conversion.convert(source, target, slots)
    except (errors.OpError, OSError) as error:
        raise click.ClickException(_worded(error)) from None
    for name in found.dropped:
        click.echo(f"dropped {name}")
    click.echo(f"{found.tensors} tensors written to {' and '.join(found.paths)}")


def _worded(error: Exception) -> str:
    """An error in one line: its class and what it says."""
    return f"{type(error).__name__}: {getattr(error, 'message', error)}"


def _add_tool(name: str, module: str, text: str) -> None:
    """Add a command that is one of TensorFlow's tools, with that tool's own flags."""

    def tool(arguments: tuple[str, ...]) -> Callable[[], None]:
        from rekindle import _program  # here: it loads torch, which --help does without

        return partial(_program.run_tool, module, list(arguments), f"rekindle {name}")

    settings = {"ignore_unknown_options": True, "help_option_names": []}
    parameter = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED, metavar="[FLAG]...")
    commands.add_command(click.Command(name, settings, tool, [parameter], text, add_help_option=False))


_add_tool("saved-model", "saved_model.command_line", "Show, run or scan a SavedModel, as saved_model_cli does.")
_add_tool("freeze-graph", "rewrite.freeze", "Convert the variables of a graph to constants, as freeze_graph does.")
_add_tool("strip-unused", "rewrite.unused", "Remove unneeded nodes from a graph, as strip_unused does.")
_add_tool(
    "optimize-for-inference",
    "rewrite.inference",
    "Remove what only training needs from a frozen graph, as optimize_for_inference does.",
)


@commands.command()
def doctor() -> None:
    """Print what Rekindle runs on: Python, torch, devices, threads, versions."""
    import torch  # here: --help does without

    rows = [
        ("rekindle", _version("rekindle")),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("platform", f"{platform.platform()}, {os.cpu_count()} CPUs"),
        ("torch", torch.__version__),
        ("threads", f"{torch.get_num_threads()} in an op, {torch.get_num_interop_threads()} ops"),
        ("/cpu:0", torch.backends.cpu.get_cpu_capability()),
        *_gpus(),
        *((name, _version(name)) for name in DISTRIBUTIONS),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _gpus() -> list[tuple[str, str]]:
    import torch  # here: --help does without

    if not torch.cuda.is_available():
        return [("/gpu:0", "none: torch sees no CUDA device")]
    found = []
    for index in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(index)
        memory = f"{facts.total_memory / 2**30:.0f} GiB"
        found.append((f"/gpu:{index}", f"{facts.name}, {memory}, CUDA {torch.version.cuda}"))
    return found
