"""Nested lists, tuples, dicts, namedtuples and attrs classes: take apart, put together, compare.

Holds tf.nest and the wider set of tensorflow.python.util.nest. Dict items count in the order of
their sorted keys. Numpy arrays, strings and sets are leaves. Composite values (a SparseTensor, say)
are leaves unless `expand_composites`; their classes are made known by `register_composite`.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, MappingView, Sequence
from typing import Any

from rekindle._src.names import public

_LEAF, _SEQUENCE, _RANGE, _NAMED, _ATTRS, _MAPPING, _VIEW = range(7)

#: type -> how its values nest
_KINDS: dict[type, int] = {list: _SEQUENCE, tuple: _SEQUENCE, dict: _MAPPING, range: _RANGE}

_composites: tuple[type, ...] = ()
_type_specs: tuple[type, ...] = ()


def register_composite(cls: type) -> type:
    """Class decorator: values of `cls` are composites, with `_type_spec` and `_to_components()`."""
    global _composites
    _composites += (cls,)
    return cls


def register_type_spec(cls: type) -> type:
    """Class decorator: values of `cls` describe composites; `_from_components` rebuilds one."""
    global _type_specs
    _type_specs += (cls,)
    return cls


@public("nest.is_nested contrib.framework.nest.is_nested contrib.framework.nest.is_sequence")
def is_nested(seq: Any) -> bool:
    """Whether `seq` is a list, tuple, mapping, attrs instance or other sequence but a string."""
    return _kind(seq) != _LEAF


is_sequence = is_nested


def is_sequence_or_composite(seq: Any) -> bool:
    """Whether `seq` is a sequence in the sense of `is_sequence`, a composite or a type spec."""
    return _kind(seq) != _LEAF or isinstance(seq, _composites + _type_specs)


@public("nest.flatten", "contrib.framework.nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves of `structure` in a list; a leaf alone gives a list of one.

    Args:
      structure: nested lists, tuples, dicts, ...
      expand_composites: take composites apart as well.

    Raises:
      TypeError: a dict's keys cannot be sorted.
    """
    found: list[Any] = []
    _collect(structure, expand_composites, found)
    return found


@public("nest.pack_sequence_as", "contrib.framework.nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The leaves of `flat_sequence` in the form of `structure`: what `flatten` took apart.

    Raises:
      TypeError: `flat_sequence` is no sequence, or a dict's keys cannot be sorted.
      ValueError: the numbers of leaves differ.
    """
    is_inner = _tester(expand_composites)
    if not is_inner(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    if not is_inner(structure):
        if len(flat_sequence) != 1:
            given = len(flat_sequence)
            raise ValueError(f"Structure is a scalar but len(flat_sequence) == {given} > 1")
        return flat_sequence[0]
    wanted = len(flatten(structure, expand_composites))
    if wanted != len(flat_sequence):
        raise ValueError(
            f"Could not pack sequence. Structure had {wanted} elements, but flat_sequence had "
            f"{len(flat_sequence)} elements.  Structure: {structure}, flat_sequence: "
            f"{flat_sequence}."
        )
    leaves = iter(flat_sequence[i] for i in range(wanted))
    return _packed(structure, leaves, is_inner)


@public("nest.map_structure", "contrib.framework.nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The structure of `func(leaf of the first, leaf of the second, ...)`.

    Args:
      func: called once per leaf.
      *structure: structures of one form.
      **kwargs: `check_types` and `expand_composites` as in `assert_same_structure`.

    Raises:
      TypeError, ValueError: `func` is not callable, or the structures differ.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            "Only valid keyword arguments are `check_types` and `expand_composites`, not: "
            f"`{'`, `'.join(kwargs)}`"
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand_composites)
    columns = [flatten(one, expand_composites) for one in structure]
    return pack_sequence_as(structure[0], [func(*row) for row in zip(*columns)], expand_composites)


@public("nest.assert_same_structure", "contrib.framework.nest.assert_same_structure")
def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True,
                          expand_composites: bool = False) -> None:
    """Raise unless both are nested alike.

    Args:
      nest1, nest2: any structures.
      check_types: the kinds of sequences and the keys of dicts must agree too. Namedtuples of one
        name and fields agree, as do any two lists and any two mappings.
      expand_composites: compare the insides of composites as well.

    Raises:
      ValueError: they are not nested alike.
      TypeError: they are, with other kinds of sequences.
    """
    difference = _difference(nest1, nest2, check_types, expand_composites)
    if difference is None:
        return
    kind, text = difference
    dots = [map_structure(lambda _: _DOT, one) for one in (nest1, nest2)]
    raise kind(
        "The two structures don't have the same nested structure.\n\n"
        f"First structure: {_described(nest1)}\n\nSecond structure: {_described(nest2)}\n\n"
        f"More specifically: {text}\n"
        f"Entire first structure:\n{dots[0]}\nEntire second structure:\n{dots[1]}"
    )


@public("contrib.framework.nest.flatten_dict_items")
def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """A dict with nested keys taken apart beside their values: {(1, 2): (a, b)} -> {1: a, 2: b}.

    Raises:
      TypeError: `dictionary` is no mapping.
      ValueError: a key differs in length from its value, or a leaf key occurs twice.
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError("input must be a dictionary")
    flat: dict[Any, Any] = {}
    for key, value in dictionary.items():
        keys, values = (flatten(key), flatten(value)) if is_nested(key) else ([key], [value])
        if len(keys) != len(values):
            raise ValueError(
                f"Could not flatten dictionary. Key had {len(keys)} elements, but value had "
                f"{len(values)} elements. Key: {keys}, value: {values}."
            )
        for one_key, one_value in zip(keys, values):
            if one_key in flat:
                raise ValueError(f"Could not flatten dictionary: key {one_key} is not unique.")
            flat[one_key] = one_value
    return flat


@public("contrib.framework.nest.assert_shallow_structure")
def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                             expand_composites: bool = False,
                             check_subtrees_length: bool = True) -> None:
    """Raise unless `input_tree` is `shallow_tree` with structures in place of some of its leaves.

    Args:
      shallow_tree, input_tree: the upper part and the whole.
      check_types: the kinds of sequences must agree too.
      expand_composites: look into composites as well.
      check_subtrees_length: lengths must be equal; if False, `input_tree` may be the longer.

    Raises:
      TypeError: a sequence stands against a leaf, or another kind of sequence.
      ValueError: lengths, keys or type specs do not agree.
    """
    if not _tester(expand_composites)(shallow_tree):
        return
    if not _tester(expand_composites)(input_tree):
        raise TypeError(
            "If shallow structure is a sequence, input must also be a sequence. "
            f"Input has type: {type(input_tree)}."
        )
    specs = tuple(_spec_of(tree) for tree in (shallow_tree, input_tree))
    if check_types and not _types_agree(shallow_tree, input_tree, specs):
        raise _mismatch(shallow_tree, input_tree)
    if isinstance(shallow_tree, _composites) or isinstance(input_tree, _composites):
        if None in specs:
            raise _mismatch(shallow_tree, input_tree)
        _check_specs(*specs)
    elif isinstance(shallow_tree, _type_specs):
        if not isinstance(input_tree, _type_specs):
            raise TypeError(
                "If shallow structure is a TypeSpec, input must also be a TypeSpec.  "
                f"Input has type: {type(input_tree)}."
            )
    else:
        _check_lengths(shallow_tree, input_tree, check_subtrees_length)
    if isinstance(shallow_tree, Mapping):
        absent = set(shallow_tree) - set(input_tree)
        if absent:
            raise ValueError(
                "The shallow_tree's keys are not a subset of the input_tree's keys. The "
                "shallow_tree has the following keys that are not in the input_tree: "
                f"{sorted(absent)}."
            )
    options = check_types, expand_composites, check_subtrees_length
    for (_, shallow), (_, branch) in zip(_items(shallow_tree), _items(input_tree)):
        assert_shallow_structure(shallow, branch, *options)


@public("contrib.framework.nest.flatten_up_to")
def flatten_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True,
                  expand_composites: bool = False, check_subtrees_length: bool = True) -> list[Any]:
    """What stands in `input_tree` in the places of the leaves of `shallow_tree`."""
    options = check_types, expand_composites, check_subtrees_length
    pairs = flatten_with_tuple_paths_up_to(shallow_tree, input_tree, *options)
    return [value for _, value in pairs]


@public("contrib.framework.nest.flatten_with_tuple_paths_up_to")
def flatten_with_tuple_paths_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True,
    expand_composites: bool = False, check_subtrees_length: bool = True,
) -> list[tuple[tuple[Any, ...], Any]]:
    """(path, value) of what `input_tree` has in the places of the leaves of `shallow_tree`."""
    options = check_types, expand_composites, check_subtrees_length
    assert_shallow_structure(shallow_tree, input_tree, *options)
    return list(_walk(shallow_tree, input_tree, _tester(expand_composites), ()))


@public("contrib.framework.nest.map_structure_up_to")
def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any,
                        **kwargs: Any) -> Any:
    """As `map_structure_with_tuple_paths_up_to`, with a `func` that gets no path."""
    return map_structure_with_tuple_paths_up_to(
        shallow_tree, lambda _, *values: func(*values), *inputs, **kwargs
    )


@public("contrib.framework.nest.map_structure_with_tuple_paths_up_to")
def map_structure_with_tuple_paths_up_to(shallow_tree: Any, func: Callable[..., Any],
                                         *inputs: Any, **kwargs: Any) -> Any:
    """The structure of `func(path, what stands in each input)` for the leaves of `shallow_tree`.

    Args:
      shallow_tree: the upper part that all inputs have.
      func: called once per leaf of `shallow_tree`, with the path as a tuple first.
      *inputs: the whole structures.
      **kwargs: `check_types`, `expand_composites` and `check_subtrees_length` as in
        `assert_shallow_structure`; the rest goes to `func`.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    check_subtrees_length = kwargs.pop("check_subtrees_length", True)
    options = check_types, expand_composites, check_subtrees_length
    columns = [flatten_with_tuple_paths_up_to(shallow_tree, tree, *options) for tree in inputs]
    rows = zip(*columns)
    results = [func(row[0][0], *(value for _, value in row), **kwargs) for row in rows]
    return pack_sequence_as(shallow_tree, results, expand_composites)


@public("contrib.framework.nest.map_structure_with_tuple_paths")
def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The structure of `func(path, leaf of the first, ...)`; the path is a tuple of keys."""
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


@public("contrib.framework.nest.map_structure_with_paths")
def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The structure of `func(path, leaf of the first, ...)`; the path is a string as "a/0"."""

    def with_text(path: tuple[Any, ...], *values: Any, **rest: Any) -> Any:
        return func("/".join(map(str, path)), *values, **rest)

    return map_structure_with_tuple_paths_up_to(structure[0], with_text, *structure, **kwargs)


@public("contrib.framework.nest.get_traverse_shallow_structure")
def get_traverse_shallow_structure(traverse_fn: Callable[[Any], Any], structure: Any,
                                   expand_composites: bool = False) -> Any:
    """A shallow structure of bools that says how deep to go, for `flatten_up_to` and the like.

    Args:
      traverse_fn: maps a substructure to a bool (go into it or not) or to a structure of bools,
        one per branch.
      structure: the whole.
      expand_composites: look into composites as well.

    Raises:
      TypeError: `traverse_fn` answers something else.
    """
    is_inner = _tester(expand_composites)
    answer = traverse_fn(structure)
    if not is_inner(structure) and not isinstance(answer, bool):
        raise TypeError(f"traverse_fn returned structure: {answer} for non-structure: {structure}")
    if not is_inner(structure):
        return answer
    branches = [branch for _, branch in _items(structure)]
    if isinstance(answer, bool):
        if not answer:
            return False
        wanted = [True] * len(branches)
    elif not is_inner(answer):
        raise TypeError(f"traverse_fn returned a non-bool scalar: {answer} for input: {structure}")
    else:
        assert_shallow_structure(answer, structure, expand_composites=expand_composites)
        wanted = [one for _, one in _items(answer)]
    level = []
    for one, branch in zip(wanted, branches):
        if not isinstance(one, bool):
            raise TypeError(
                f"traverse_fn didn't return a depth=1 structure of bools.  saw: {answer}  "
                f"for structure: {structure}"
            )
        level.append(
            one and get_traverse_shallow_structure(traverse_fn, branch, expand_composites)
        )
    return _like(structure, level)


@public("contrib.framework.nest.yield_flat_paths")
def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each leaf, a tuple of keys, in the order of `flatten`."""
    for path, _ in _walk(nest, nest, _tester(expand_composites), ()):
        yield path


@public("contrib.framework.nest.flatten_with_joined_string_paths")
def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """(path, leaf) of each leaf, the path as a string: [("a/0", leaf), ...]."""
    pairs = flatten_with_tuple_paths(structure, expand_composites)
    return [(separator.join(map(str, path)), leaf) for path, leaf in pairs]


@public("contrib.framework.nest.flatten_with_tuple_paths")
def flatten_with_tuple_paths(
    structure: Any, expand_composites: bool = False
) -> list[tuple[tuple[Any, ...], Any]]:
    """(path, leaf) of each leaf, the path as a tuple of keys."""
    return list(_walk(structure, structure, _tester(expand_composites), ()))


class _Dot:
    """Stands for a leaf where only the structure is printed."""

    def __repr__(self) -> str:
        return "."


_DOT = _Dot()


def _kind(value: Any) -> int:
    cls = type(value)
    kind = _KINDS.get(cls)
    if kind is None:
        kind = _KINDS[cls] = _kind_of_type(cls)
    return kind


def _kind_of_type(cls: type) -> int:
    if issubclass(cls, Mapping):
        return _MAPPING
    if issubclass(cls, MappingView):
        return _VIEW
    if "__attrs_attrs__" in dir(cls):
        return _ATTRS
    if issubclass(cls, str | bytes) or not issubclass(cls, Sequence | bytearray):
        return _LEAF
    fields = getattr(cls, "_fields", None) if issubclass(cls, tuple) else None
    if isinstance(fields, Sequence) and all(isinstance(field, str) for field in fields):
        return _NAMED
    return _SEQUENCE


def _tester(expand_composites: bool) -> Callable[[Any], bool]:
    return is_sequence_or_composite if expand_composites else is_sequence


def _collect(structure: Any, expand_composites: bool, found: list[Any]) -> None:
    """Append the leaves of `structure` to `found`."""
    kind = _kind(structure)
    if kind == _SEQUENCE or kind == _NAMED:
        for branch in structure:
            _collect(branch, expand_composites, found)
    elif kind == _MAPPING:
        for key in sorted(structure):
            _collect(structure[key], expand_composites, found)
    elif kind == _LEAF and not (expand_composites and is_sequence_or_composite(structure)):
        found.append(structure)
    else:
        for _, branch in _items(structure):
            _collect(branch, expand_composites, found)


def _items(structure: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (key, branch) of one level, in the order that counts."""
    kind = _kind(structure)
    if kind == _MAPPING:
        for key in _sorted_keys(structure):
            yield key, structure[key]
    elif kind == _ATTRS:
        for attribute in type(structure).__attrs_attrs__:
            yield attribute.name, getattr(structure, attribute.name)
    elif kind == _NAMED:
        yield from zip(structure._fields, structure)
    elif kind != _LEAF:
        yield from enumerate(structure)
    elif isinstance(structure, _type_specs):
        yield structure.value_type.__name__, structure._component_specs
    else:
        yield type(structure).__name__, structure._to_components()


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError as error:
        raise TypeError("nest only supports dicts with sortable keys.") from error


def _like(structure: Any, branches: list[Any]) -> Any:
    """One level with new branches, of the type of `structure`."""
    kind = _kind(structure)
    if kind == _MAPPING:
        new = dict(zip(_sorted_keys(structure), branches))
        if type(structure) is defaultdict:
            return defaultdict(structure.default_factory, ((key, new[key]) for key in structure))
        return type(structure)((key, new[key]) for key in structure)
    if kind in (_VIEW, _RANGE):
        return list(branches)
    if kind in (_NAMED, _ATTRS):
        return type(structure)(*branches)
    if kind == _SEQUENCE:
        return type(structure)(branches)
    return _spec_of(structure)._from_components(branches[0])


def _packed(structure: Any, leaves: Iterator[Any], is_inner: Callable[[Any], bool]) -> Any:
    if not is_inner(structure):
        return next(leaves)
    return _like(structure, [_packed(branch, leaves, is_inner) for _, branch in _items(structure)])


def _walk(shallow: Any, whole: Any, is_inner: Callable[[Any], bool],
          path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield (path, part of `whole`) for each leaf of `shallow`."""
    if not is_inner(shallow):
        yield path, whole
        return
    branches = dict(_items(whole))
    for key, branch in _items(shallow):
        yield from _walk(branch, branches[key], is_inner, (*path, key))


def _difference(a: Any, b: Any, check_types: bool, expand: bool) -> tuple[type, str] | None:
    """The first difference of two structures: the error's class and TensorFlow's words; or None."""
    is_inner = _tester(expand)
    if is_inner(a) != is_inner(b):
        inner, leaf = (a, b) if is_inner(a) else (b, a)
        return ValueError, (
            f'Substructure "{_described(inner)}" is a sequence, while substructure '
            f'"{_described(leaf)}" is not'
        )
    if not is_inner(a):
        return None
    if check_types and not _same_type(a, b, expand):
        return TypeError, (
            "The two namedtuples don't have the same sequence type. First structure "
            f"{_described(a)} has type {_full_name(a)}, while second structure "
            f"{_described(b)} has type {_full_name(b)}"
        )
    if check_types and _kind(a) == _MAPPING and set(a) != set(b):
        return ValueError, (
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{_described(list(a))}, while second structure has keys {_described(list(b))}"
        )
    if expand and (isinstance(a, _composites) or isinstance(b, _composites)):
        specs = _spec_of(a), _spec_of(b)
        try:
            _check_specs(*specs)
        except ValueError:
            return ValueError, (
                f"Incompatible CompositeTensor TypeSpecs: {_described(specs[0])} vs. "
                f"{_described(specs[1])}"
            )
    mine, theirs = ([branch for _, branch in _items(one)] for one in (a, b))
    for branch_a, branch_b in zip(mine, theirs):
        found = _difference(branch_a, branch_b, check_types, expand)
        if found is not None:
            return found
    if len(mine) != len(theirs):
        return ValueError, (
            "The two structures don't have the same number of elements. "
            f"First structure: {_described(a)}. Second structure: {_described(b)}"
        )
    return None


def _full_name(value: Any) -> str:
    """The name that C gives the type: built-in types outside `builtins` carry their module."""
    cls = type(value)
    is_static = not cls.__flags__ & (1 << 9)  # not Py_TPFLAGS_HEAPTYPE
    outside = is_static and cls.__module__ != "builtins"
    return f"{cls.__module__}.{cls.__name__}" if outside else cls.__name__


def _described(value: Any) -> str:
    return f"type={type(value).__name__} str={value}"


def _same_type(a: Any, b: Any, expand: bool) -> bool:
    """Whether two inner nodes are of one kind, as `assert_same_structure` sees it."""
    if _is_plain_named(a) and _is_plain_named(b):
        return _same_namedtuples(a, b)
    if type(a) is type(b) or (isinstance(a, list) and isinstance(b, list)):
        return True
    if _kind(a) == _kind(b) == _MAPPING:
        return True
    is_pair = _spec_of(a) is not None and _spec_of(b) is not None
    return expand and is_pair and (isinstance(a, _type_specs) or isinstance(b, _type_specs))


def _is_plain_named(value: Any) -> bool:
    """Whether `value` is a namedtuple and not of a class derived from one."""
    return _kind(value) == _NAMED and type(value).__base__ is tuple


def _same_namedtuples(a: Any, b: Any) -> bool:
    return a._fields == b._fields and type(a).__name__ == type(b).__name__


def _types_agree(shallow: Any, whole: Any, specs: tuple[Any, ...]) -> bool:
    """Whether two inner nodes are of one kind, as `assert_shallow_structure` sees it."""
    if isinstance(whole, type(shallow)):
        return True
    if _kind(shallow) == _kind(whole) == _NAMED:
        return _same_namedtuples(shallow, whole)
    if None not in specs and (isinstance(shallow, _type_specs) or isinstance(whole, _type_specs)):
        return True
    return isinstance(shallow, Mapping) and isinstance(whole, Mapping)


def _spec_of(value: Any) -> Any:
    """The type spec of a composite, a type spec itself; None for anything else."""
    if isinstance(value, _type_specs):
        return value
    return value._type_spec if isinstance(value, _composites) else None


def _check_specs(first: Any, second: Any) -> None:
    """Raise ValueError unless some type spec describes both."""
    try:
        first.most_specific_compatible_type(second)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"Incompatible CompositeTensor TypeSpecs: {first} vs. {second} -- {error}"
        ) from error


def _check_lengths(shallow: Any, whole: Any, equal: bool) -> None:
    mine, theirs = len(shallow), len(whole)
    if equal and mine != theirs:
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has length "
            f"{theirs}, while shallow structure has length {mine}."
        )
    if theirs < mine:
        raise ValueError(
            "The input_tree has fewer elements than the shallow_tree. Input structure has length "
            f"{theirs}, while shallow structure has length {mine}."
        )


def _mismatch(shallow: Any, whole: Any) -> TypeError:
    return TypeError(
        "The two structures don't have the same sequence type. Input structure has type "
        f"{type(whole)}, while shallow structure has type {type(shallow)}."
    )
