"""Write rekindle/_src/graph/op_table.json, the signatures of TensorFlow's ops, from `reference/ops.json`.

    python tools/make_op_table.py PATH/TO/reference/ops.json
"""
import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).parents[1] / "rekindle/_src/graph/op_table.json"


def main() -> None:
    """Read the facts file, write one compact line an op, so that a change of one op is a change of one line."""
    ops = json.loads(pathlib.Path(sys.argv[1]).read_text())["ops"]
    lines = [f"{json.dumps(name)}: {json.dumps(ops[name], separators=(',', ':'))}" for name in sorted(ops)]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
