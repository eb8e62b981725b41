"""Op blocks: the decorator `op` that makes one, and how calling it adds an operation to the graph.

Holds `Op`, the registry `OPS`, the gradient table, and the binding of Python arguments to inputs and attrs by the op's
signature. The blocks themselves stand in `rekindle/_src/ops`, one family a file.
"""
from __future__ import annotations

import collections
import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from rekindle._src import names
from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.signatures import REQUIRED, Arg, Signature, signature
from rekindle._src.graph.tensor import Tensor

_NO_SCOPE: Any = contextlib.nullcontext()
#: op type -> block
OPS: dict[str, Op] = {}
#: op type (or name given to RegisterGradient) -> gradient function, None where there is no gradient
GRADIENTS: dict[str, Callable[..., Any] | None] = {}


#: inputs of these names steer a kernel (sizes, axes): they stay on the host on every device
_HOST_ARGUMENTS = frozenset([
    "shape", "axis", "axes", "reduction_indices", "perm", "paddings", "begin", "end", "strides", "size", "multiples",
    "dim", "dims", "split_dim", "size_splits", "input_sizes", "filter_sizes", "orig_input_shape", "crops",
    "block_shape", "concat_dim", "dimension", "s0", "s1", "start", "stop", "limit", "delta", "k", "num_segments",
    "output_shape", "depth", "ksize", "diagonal_index", "num_lower", "num_upper", "num", "nbins", "output_dim0",
    "batch_dims", "shift", "sizes", "dense_shape", "a_shape", "num_bits",
    "n", "max_output_size", "crop_size", "image_size", "fft_length", "seq_len_max", "element_shape", "num_elements",
    "max_num_elements", "leading_dims", "index"])


class Op:
    """One op: its signature, shape rule, kernel, facts for the compiler, and gradient; calling it adds an operation."""

    def __init__(self, op_type: str, kernel: Callable[..., Any], *, updates: tuple[str, ...] = (),
                 aliases: int | tuple[int, ...] = (), host: bool = False, pure: bool | None = None, once: bool = False,
                 structural: bool = False, waits: bool = False) -> None:
        self.type = op_type
        self.kernel = kernel
        self.updates = updates
        self.aliases = (aliases,) if isinstance(aliases, int) else aliases
        self.host = host
        self.once = once
        self.structural = structural
        self.waits = waits
        self.explain: Callable[..., Any] | None = None
        self._pure = pure
        self.__name__ = self.__qualname__ = kernel.__name__
        self.__module__ = kernel.__module__
        self.__doc__ = kernel.__doc__
        self.__wrapped__ = kernel

    # What follows from the op table waits for its first use: a program uses few of all ops.

    @functools.cached_property
    def signature(self) -> Signature:
        """Inputs, outputs and attrs, from the op table."""
        return signature(self.type)

    @functools.cached_property
    def keywords(self) -> tuple[str, ...]:
        """The attrs that the kernel takes, and "ctx"."""
        return tuple(p.name for p in inspect.signature(self.kernel).parameters.values()
                     if p.kind is inspect.Parameter.KEYWORD_ONLY)

    @functools.cached_property
    def update_positions(self) -> tuple[int, ...]:
        """The inputs, counted, whose value the kernel changes."""
        return tuple(i for i, a in enumerate(self.signature.inputs) if a.name in self.updates)

    @functools.cached_property
    def pure(self) -> bool:
        """True if the outputs depend on the inputs only."""
        return not self.signature.stateful if self._pure is None else self._pure

    @functools.cached_property
    def host_inputs(self) -> frozenset[int]:
        """The inputs, counted, that stay on the host on every device."""
        # the "delta" of ApplyGradientDescent is a gradient, not a step
        return frozenset(i for i, a in enumerate(self.signature.inputs)
                         if a.name in _HOST_ARGUMENTS and not (a.name == "delta" and self.updates))

    def __call__(self, *args: Any, name: str | None = None, **kwargs: Any) -> Any:
        parameters = self.signature.parameters
        if len(args) > len(parameters):
            if len(args) > len(parameters) + 1 or name is not None:
                raise TypeError(f"{self.__name__}() takes {len(parameters) + 1} arguments, got {len(args)}")
            name = args[-1]
        values = dict(zip(parameters, args, strict=False))
        for key, value in kwargs.items():
            if key in values:
                raise TypeError(f"{self.__name__}() got multiple values for argument '{key}'")
            values[key] = value
        return apply(self.signature, values, name)

    def gradient(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: `function(op, *output gradients)` gives the gradient of each input."""
        GRADIENTS[self.type] = function
        return function

    def refusal(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: `function`, called as the kernel is, raises TensorFlow's error for inputs at which torch
        failed."""
        self.explain = function
        return function

    def no_gradient(self) -> Op:
        """Say that gradients stop here; gives the block."""
        GRADIENTS[self.type] = None
        return self


def op(op_type: str, *, public: str = "", infer: infer.Rule | None = None, updates: tuple[str, ...] = (),
       aliases: int | tuple[int, ...] = (), host: bool = False, pure: bool | None = None,
       once: bool = False, structural: bool = False, waits: bool = False) -> Callable[[Callable[..., Any]], Op]:
    """Decorator: make the block of an op of a kernel.

    Args:
      op_type: the op's type in TensorFlow's registry.
      public: tf names of the block itself, separated by spaces.
      infer: the shape rule; without it nothing is known of the outputs.
      updates: the inputs (variables) whose value the kernel changes.
      aliases: the index of the input (or indices) whose memory the outputs may share.
      host: the kernel works on Python objects or on the CPU whatever the device.
      pure: the outputs depend on the inputs only; default: the op is not stateful.
      structural: the kernel moves or compares elements but does not compute with them, so it works on strings too
        when each stands for a number (`rekindle/_src/ops/string_codes.py`).
      once: the output is the same object in every run of a session (a variable's buffer, a queue): the kernel runs as
        the program is linked, not in the step.
      waits: the kernel may wait for what others do to the resource that is its first input, or end their waiting.

    Raises:
      ValueError: there is a block for the op already.
    """

    def make(kernel: Callable[..., Any]) -> Op:
        if op_type in OPS:
            raise ValueError(f"{op_type} has a block in {OPS[op_type].__module__} already")
        block = Op(op_type, kernel, updates=updates, aliases=aliases, host=host, pure=pure, once=once,
                   structural=structural, waits=waits)
        OPS[op_type] = block
        if infer is not None:
            _set_rule(op_type, infer)
        if public:
            names.public(*public.split())(block)
        return block

    return make


def _set_rule(op_type: str, rule: infer.Rule) -> None:
    infer.RULES[op_type] = rule


def call(op_type: str, *args: Any, name: str | None = None, **kwargs: Any) -> Any:
    """Add an operation of any type that TensorFlow has, whether or not there is a block for it."""
    facts = signature(op_type)
    return apply(facts, {**dict(zip(facts.parameters, args, strict=False)), **kwargs}, name)


def apply(facts: Signature, values: dict[str, Any], name: str | None = None) -> Any:
    """Add an operation: bind `values` to inputs and attrs, convert the inputs, infer the type attrs.

    Raises:
      TypeError, ValueError: an argument is missing, unknown, or not of the type that the signature asks for.
    """
    graph = _graph_of(facts, values)
    if scopes.get_default_graph() is not graph:
        with graph.as_default():
            return _apply(facts, values, name, graph)
    return _apply(facts, values, name, graph)


def _graph_of(facts: Signature, values: dict[str, Any]) -> Any:
    found: list[Any] = []
    for arg in facts.inputs:
        value = values.get(arg.name)
        if isinstance(value, (list, tuple)):
            found.extend(value)
        else:
            found.append(value)
    return scopes.graph_from(found)


def _apply(facts: Signature, values: dict[str, Any], name: str | None, graph: Any) -> Any:
    if graph._finalized:
        graph._check_not_finalized()
    scope = graph._entered(name or facts.name)
    inputs: list[Tensor] = []
    refs: list[Tensor] = []  # an operation is on the device of the variables that it takes
    attrs: dict[str, Any] = {}
    old, graph._name_stack = graph._name_stack, scope
    try:
        for arg in facts.inputs:
            if arg.name not in values:
                raise TypeError(f"No argument for input {arg.name}")
            value = values[arg.name]
            bound = _bind_list(facts, arg, value, attrs) if arg.is_list else [_bind_one(facts, arg, value, attrs)]
            inputs.extend(bound)
            if arg.is_ref:
                refs.extend(bound)
        _bind_attrs(facts, values, attrs)
        types = infer.output_types(facts, attrs)
        # Control flow contexts add their switches in the scope of the operation that they serve.
        with contextlib.ExitStack() if refs else _NO_SCOPE as stack:
            for tensor in refs:
                stack.enter_context(graph.colocate_with(tensor))
            operation = graph.add(facts, inputs, attrs, scope, types)
    finally:
        graph._name_stack = old
    return structured(facts, operation, attrs)


def _preferred(facts: Signature, arg: Arg) -> Any:
    if arg.type_attr is None:
        return None
    default = facts.attr[arg.type_attr].default
    return None if default is REQUIRED else default


def _bind_one(facts: Signature, arg: Arg, value: Any, attrs: dict[str, Any]) -> Tensor:
    wanted = arg.dtype if arg.type_attr is None else attrs.get(arg.type_attr)
    try:
        tensor = value if isinstance(value, Tensor) and wanted is None else convert.internal_convert(
            value, wanted, arg.name, arg.is_ref, _preferred(facts, arg))
    except (TypeError, ValueError) as error:
        _explain(facts, arg, value, wanted, error)
        raise
    base = tensor._dtype._base
    if wanted is None and arg.type_attr is not None:
        _check_type(facts, arg.type_attr, base, arg.name)
        attrs[arg.type_attr] = base
    elif base is not wanted:
        _mismatch(facts, arg, base, wanted)
    if arg.is_ref and not tensor._dtype._is_ref_dtype:
        raise TypeError(f"'{facts.name}' Op requires that input '{arg.name}' be a mutable tensor (e.g.: a tf.Variable)")
    return tensor


def _explain(facts: Signature, arg: Arg, value: Any, wanted: Any, error: Exception) -> None:
    """Raise what TensorFlow says of an input that does not convert, where it adds something to `error`."""
    if wanted is None:
        return
    if isinstance(error, TypeError):
        raise TypeError(f"Expected {wanted.name} passed to parameter '{arg.name}' of op '{facts.name}', got {value!r} "
                        f"of type '{type(value).__name__}' instead. Error: {error}") from None
    try:
        observed = convert.internal_convert(value, as_ref=arg.is_ref).dtype.name
    except ValueError as other:
        raise ValueError(f"Tried to convert '{arg.name}' to a tensor and failed. Error: {other}") from None
    _mismatch(facts, arg, dtypes.as_dtype(observed), wanted)


def _mismatch(facts: Signature, arg: Arg, got: Any, wanted: Any) -> None:
    prefix = f"Input '{arg.name}' of '{facts.name}' Op has type {got.name} that does not match"
    if arg.type_attr is None:
        raise TypeError(f"{prefix} expected type of {wanted.name}.")
    other = next((a.name for a in facts.inputs if a.type_attr == arg.type_attr and a is not arg), arg.type_attr)
    raise TypeError(f"{prefix} type {wanted.name} of argument '{other}'.")


def _check_type(facts: Signature, attr: str, dtype: Any, parameter: str) -> None:
    allowed = facts.attr[attr].allowed
    if allowed and dtype not in allowed:
        listed = ", ".join(d.name for d in allowed)
        raise TypeError(f"Value passed to parameter '{parameter}' has DataType {dtype.name} not in list of allowed "
                        f"values: {listed}")


def _bind_list(facts: Signature, arg: Arg, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"Expected list for '{arg.name}' argument to '{facts.name}' Op, not {value}.")
    if arg.type_list_attr is not None:
        return _bind_typed_list(facts, arg, value, attrs)
    number = arg.number_attr or ""
    minimum = facts.attr[number].minimum or 0
    if len(value) < minimum:
        raise ValueError(f"List argument '{arg.name}' to '{facts.name}' Op with length {len(value)} shorter than "
                         f"minimum length {minimum}.")
    known = attrs.get(number)
    if known is not None and known != len(value):
        raise ValueError(f"List argument '{arg.name}' to '{facts.name}' Op with length {len(value)} must match length "
                         f"{known} of argument '{next(a.name for a in facts.inputs if a.number_attr == number)}'.")
    attrs[number] = len(value)
    wanted = arg.dtype if arg.type_attr is None else attrs.get(arg.type_attr)
    if wanted is None:
        wanted = next((v.dtype.base_dtype for v in value if isinstance(v, Tensor)), None)
    try:
        tensors = convert.convert_all(value, wanted, arg.name, arg.is_ref, _preferred(facts, arg))
        types = {t._dtype._base for t in tensors}
        if len(types) > 1:
            raise TypeError("All tensors of a list have one type")
    except (TypeError, ValueError):
        _refuse_list(facts, arg, value, wanted)
        raise
    if arg.type_attr is not None and tensors and arg.type_attr not in attrs:
        _check_type(facts, arg.type_attr, tensors[0]._dtype._base, arg.name)
        attrs[arg.type_attr] = tensors[0]._dtype._base
    return tensors


def _refuse_list(facts: Signature, arg: Arg, value: Any, wanted: Any) -> None:
    shown = []
    for one in value:
        try:
            shown.append(convert.internal_convert(one).dtype.base_dtype.name)
        except (TypeError, ValueError):
            shown.append("<NOT CONVERTIBLE TO TENSOR>")
    prefix = f"Tensors in list passed to '{arg.name}' of '{facts.name}' Op have types [{', '.join(shown)}]"
    if wanted is not None and arg.type_attr is None:
        raise TypeError(f"{prefix} that do not match expected type {wanted.name}.") from None
    first = next((a.name for a in facts.inputs if a.type_attr == arg.type_attr), arg.name)
    if wanted is not None and first != arg.name:
        raise TypeError(f"{prefix} that do not match type {wanted.name} inferred from earlier arguments.") from None
    raise TypeError(f"{prefix} that don't all match.") from None


def _bind_typed_list(facts: Signature, arg: Arg, value: Any, attrs: dict[str, Any]) -> list[Tensor]:
    name = arg.type_list_attr or ""
    known = attrs.get(name)
    if known is not None and len(known) != len(value):
        raise TypeError(f"Type list for '{arg.name}' of '{facts.name}' Op has {len(value)} tensors, not {len(known)}")
    tensors = convert.convert_all(value, name=arg.name, as_ref=arg.is_ref) if known is None else [
        convert.internal_convert(v, t, f"{arg.name}_{i}") for i, (v, t) in enumerate(zip(value, known, strict=True))]
    attrs[name] = [t._dtype._base for t in tensors]
    if len(tensors) < (facts.attr[name].minimum or 0):
        raise ValueError(f"List argument '{arg.name}' to '{facts.name}' Op with length {len(tensors)} shorter than "
                         f"minimum length {facts.attr[name].minimum}.")
    for dtype in attrs[name]:
        _check_type(facts, name, dtype, arg.name)
    return tensors


def _bind_attrs(facts: Signature, values: dict[str, Any], attrs: dict[str, Any]) -> None:
    for attr in facts.attrs:
        if attr.name in attrs and attr.name in facts.inferred:
            continue
        value = values.get(attr.name, attr.default)
        if value is None and attr.default is not REQUIRED and attr.type != "shape":
            value = attr.default
        if value is REQUIRED:
            raise TypeError(f"No argument for attr {attr.name}")
        attrs[attr.name] = value if value is attr.default else attr_forms.normal(attr, value, facts.name)
    extra = [k for k in values if k not in facts.attr and all(k != a.name for a in facts.inputs)]
    if extra:
        listed = ", ".join(f'"{k}"' for k in sorted(extra))
        raise TypeError(f"{facts.name}() got unexpected keyword arguments: {listed}")


_tuples: dict[str, Any] = {}


def structured(facts: Signature, operation: Any, attrs: dict[str, Any]) -> Any:
    """The outputs as users get them: the operation if there are none, a tensor, a list, or a named tuple of these."""
    outputs = operation.outputs
    if not facts.outputs:
        return operation
    if len(facts.outputs) == 1 and not facts.outputs[0].is_list:
        return outputs[0]
    parts, at = [], 0
    for arg in facts.outputs:
        if not arg.is_list:
            parts.append(outputs[at])
            at += 1
            continue
        size = arg_width(arg, attrs)
        parts.append(list(outputs[at:at + size]))
        at += size
    if len(parts) == 1:
        return parts[0] or (operation if not outputs and not facts.outputs[0].number_attr else parts[0])
    kind = _tuples.get(facts.name)
    if kind is None:
        kind = _tuples[facts.name] = collections.namedtuple(facts.name, [a.name for a in facts.outputs])
    return kind(*parts)


def arg_width(arg: Arg, attrs: dict[str, Any]) -> int:
    """How many tensors an argument has."""
    if arg.type_list_attr is not None:
        return len(attrs[arg.type_list_attr])
    return 1 if arg.number_attr is None else attrs[arg.number_attr]


def kernel_inputs(facts: Signature, attrs: dict[str, Any], values: list[Any]) -> list[Any]:
    """Flat inputs grouped as a kernel takes them: a list argument is one list."""
    if not any(arg.is_list for arg in facts.inputs):
        return values
    out, at = [], 0
    for arg in facts.inputs:
        if not arg.is_list:
            out.append(values[at])
            at += 1
            continue
        size = arg_width(arg, attrs)
        out.append(values[at:at + size])
        at += size
    return out


def kernel_attrs(block: Op, attrs: dict[str, Any]) -> dict[str, Any]:
    """The attrs that a kernel names, strings decoded; `ctx` is the caller's to give."""
    return {k: _decoded(attrs[k]) for k in block.keywords if k != "ctx"}


def _decoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [_decoded(v) for v in value]
    return value
