"""Write rekindle/_src/facts/deep_paths.txt: what the modules inside TensorFlow 1.15 define.

    python3.7 tools/make_deep_paths.py        # an interpreter that has tensorflow==1.15.5

One line a module: its name below `tensorflow.`, then its names. `name` is the public name `tf.name`
too, `name=public.name` has another public name, `name=` has none. The generated op wrappers
(`gen_*`) follow from the op table and have no names here. Written for Python 3.7, as TensorFlow is.
"""
import collections
import importlib
import os
import types
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
FACTS = os.path.join(HERE, "..", "rekindle", "_src", "facts")
FOLDERS = ("python", "contrib", "core", "examples")
SKIPPED = ("python/keras/api", "_test.py", "/setup.py", "__main__.py")


def main():
    warnings.simplefilter("ignore")
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    tensorflow = importlib.import_module("tensorflow")
    importlib.import_module("tensorflow.contrib.slim.nets")
    public = public_names(tensorflow)
    root = os.path.dirname(importlib.import_module("tensorflow_core").__file__)
    lines = []
    for module in sorted(module_names(root)):
        try:
            found = importlib.import_module("tensorflow." + module)
        except (Exception, SystemExit) as error:  # some need what a plain install lacks
            print(module, "left out:", error)
            continue
        names = [] if ".gen_" in module else names_of(found, module, public)
        lines.append(" ".join([module] + names))
    with open(os.path.join(FACTS, "deep_paths.txt"), "w") as target:
        target.write("\n".join(lines) + "\n")
    print(len(lines), "modules")


def public_names(tensorflow):
    """Map the id of each public object to its public names."""
    names = collections.defaultdict(list)
    with open(os.path.join(FACTS, "symbols.txt")) as lines:
        symbols = [line.split()[:2] for line in lines]
    for name, kind in symbols:
        value = tensorflow
        for part in name.split("."):
            value = getattr(value, part, None)
        plain = isinstance(value, (int, float, str, bool, tuple, type(None)))
        if kind != "module" and not plain and not name.startswith("raw_ops."):
            names[id(value)].append(name)
    return names


def module_names(root):
    for folder, _, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        for file in files:
            path = os.path.join(inside, file)
            if not file.endswith(".py") or path.split(os.sep)[0] not in FOLDERS:
                continue
            if not any(part in path for part in SKIPPED):
                name = path[:-3].replace(os.sep, ".")
                yield name[: -len(".__init__")] if name.endswith(".__init__") else name


def names_of(found, module, public):
    """The names of one module, as the file lists them."""
    names = []
    for name, value in sorted(vars(found).items()):
        if name.startswith("__") or isinstance(value, types.ModuleType):
            continue
        if id(value) in public:
            best = min(public[id(value)], key=lambda one: rank(one, name))
            names.append(name if best == name else name + "=" + best)
        elif not name.startswith("_") and is_defined_here(value, module):
            names.append(name + "=")
    return names


def rank(public, name):
    """Sort key of a public name for `name`: the plainest first, the lazily loaded spaces last."""
    lazy = public.startswith(("contrib.", "keras.", "estimator."))
    return lazy, public.split(".")[-1] != name, public.count("."), len(public), public


def is_defined_here(value, module):
    home = getattr(value, "__module__", None)
    if type(value).__name__ in ("_Feature", "LazyLoader"):
        return False
    return not isinstance(home, str) or home.split(".", 1)[-1] == module


if __name__ == "__main__":
    main()
