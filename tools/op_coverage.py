"""Write docs/coverage.md: which ops and public names of TensorFlow 1.15 are there.

    python tools/op_coverage.py

Counts ops from the registry and names from the public modules. How many public TensorFlow 1
projects use a name is read from `reference/usage.tsv` below REKINDLE_SHARED (default: `shared`
beside the checkout).
"""
from __future__ import annotations

import collections
import csv
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "coverage.md"


def main() -> int:
    sys.path.insert(0, str(ROOT))
    shared = Path(os.environ.get("REKINDLE_SHARED") or ROOT.parent / "shared")
    usage = shared / "reference" / "usage.tsv"
    if not usage.is_file():
        print(f"coverage: no {usage} (set REKINDLE_SHARED)", file=sys.stderr)
        return 1
    with usage.open(newline="") as lines:
        projects = {
            row["symbol"].removeprefix("tf."): int(row["repos"])
            for row in csv.DictReader(lines, delimiter="\t")
        }
    TARGET.write_text("\n".join([*head(), *op_part(), *name_part(projects)]) + "\n")
    print(f"coverage: wrote {TARGET}")
    return 0


def head() -> list[str]:
    return [
        "# What is there",
        "",
        "Written by `tools/op_coverage.py` from the registry of ops and the public modules, against what",
        "TensorFlow 1.15.5 has.",
        "",
    ]


def op_part() -> list[str]:
    """The counts of ops, and the ops without a kernel."""
    import rekindle  # noqa: F401 - fills the registry
    from rekindle._src.graph import infer, opdef

    table = json.loads((ROOT / "rekindle/_src/graph/op_table.json").read_text())
    with_gradient = [name for name in table if table[name]["has_python_gradient"]]
    kernels = [name for name in table if name in opdef.OPS]
    rules = [name for name in table if name in infer.RULES]
    gradients = [name for name in with_gradient if opdef.GRADIENTS.get(name) is not None]
    missing = [name for name in table if name not in opdef.OPS]
    return [
        "## Ops",
        "",
        "| | there | of |",
        "|---|---|---|",
        f"| signatures | {len(table)} | {len(table)} |",
        f"| kernels | {len(kernels)} | {len(table)} |",
        f"| shape rules | {len(rules)} | {len(table)} |",
        f"| gradients | {len(gradients)} | {len(with_gradient)} |",
        "",
        f"Without a kernel ({len(missing)}; they load, and are named before anything runs): "
        + ", ".join(missing),
        "",
    ]


def name_part(projects: dict[str, int]) -> list[str]:
    """The counts of public names by namespace, and the missing ones by use."""
    from rekindle._missing import public_value
    from rekindle._src import facts
    from rekindle._src.graph import opdef

    absent = object()
    there, of = collections.Counter(), collections.Counter()
    missing = []
    names = [one for one, symbol in facts.symbols().items() if symbol.kind != "module"]
    for name in names:
        space = ".".join(name.split(".")[: 2 if name.startswith("contrib.") else 1])
        space = f"tf.{space}" if "." in name else "tf"
        of[space] += 1
        has_kernel = not name.startswith("raw_ops.") or name.removeprefix("raw_ops.") in opdef.OPS
        if public_value(name, absent) is absent or not has_kernel:
            missing.append(name)
        else:
            there[space] += 1
    missing.sort(key=lambda one: (-projects.get(one, 0), one))
    used = [one for one in missing if projects.get(one)]
    lines = [
        "## Public names",
        "",
        f"{sum(there.values())} of {len(names)} (a raw op counts where it has a kernel). "
        f"Of the {sum(one in projects for one in names)} that 133 public TensorFlow 1 projects "
        f"use, {len(used)} are missing.",
        "",
        "| namespace | there | of |",
        "|---|---|---|",
        *(f"| {space} | {there[space]} | {count} |" for space, count in of.most_common()),
        "",
        "### Missing names, by the number of projects that use them",
        "",
        "| projects | names |",
        "|---|---|",
    ]
    by_count = collections.defaultdict(list)
    for one in used:
        by_count[projects[one]].append(f"tf.{one}")
    return lines + [f"| {count} | {', '.join(found)} |" for count, found in by_count.items()]


if __name__ == "__main__":
    sys.exit(main())
