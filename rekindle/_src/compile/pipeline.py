"""The order of the passes, and the whole way from a captured program to a compiled step.

Holds `PASSES` and `compile_program`. Each pass is a function from Program to Program in a file of its own.
"""
from __future__ import annotations

from typing import Any

from rekindle._src import settings
from rekindle._src.compile.emit import emit
from rekindle._src.compile.fold import Evaluate, fold
from rekindle._src.compile.give import give
from rekindle._src.compile.hoist import hoist
from rekindle._src.compile.merge import merge
from rekindle._src.compile.own import own
from rekindle._src.compile.program import Program, check, everywhere
from rekindle._src.compile.rules.adam_rows import fuse_adam_rows
from rekindle._src.compile.rules.bias import fuse_bias
from rekindle._src.compile.rules.noop import drop_noops
from rekindle._src.compile.rules.pool_relu import fuse_pool_relu
from rekindle._src.compile.rules.step_sums import join_step_sums
from rekindle._src.compile.rules.transposed import share_transposed
from rekindle._src.compile.rules.updates import group_updates
from rekindle._src.compile.settle import settle
from rekindle._src.compile.split import split
from rekindle._src.compile.steer import steer
from rekindle._src.compile.transfer import transfer
from rekindle._src.compile.unstack import unstack
from rekindle._src.graph.infer import Shape

PASSES = (drop_noops, merge, settle, unstack, everywhere(fuse_bias), everywhere(fuse_pool_relu),
          everywhere(group_updates), everywhere(fuse_adam_rows), everywhere(join_step_sums), share_transposed,
          hoist, steer, hoist, give)


def optimise(program: Program, shapes: list[Shape], evaluate: Evaluate) -> Program:
    """The program after all passes, for feeds of the given shapes."""
    checked = settings.check_programs()
    if checked:
        check(program)
    program = fold(program, shapes, evaluate)
    for step in PASSES:
        program = step(program)
        if checked:
            check(program, step.__name__)
    return program


def compile_program(program: Program, shapes: list[Shape], evaluate: Evaluate, link: Any, title: str) -> Any:
    """The compiled step for feeds of the given shapes."""
    program = optimise(program, shapes, evaluate)
    if link.one_device:
        return emit(program, own(program), link, title)
    program, places = transfer(program, link.device)
    parts = split(program, places)
    if parts is None:
        return emit(program, own(program), link, title)
    return link.replayed(parts, *(emit(p, own(p), link, title) for p in (parts.before, parts.rest)))
