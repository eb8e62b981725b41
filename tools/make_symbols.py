"""Write rekindle/_src/facts/symbols.txt, the public names of TensorFlow 1.15, from `api.json`.

    python tools/make_symbols.py PATH/TO/reference/api.json

One line a name: the name below `tf.`, its kind, and its signature where it has one.
"""
from __future__ import annotations

import json
import pathlib
import sys

TARGET = pathlib.Path(__file__).parent.parent / "rekindle/_src/facts/symbols.txt"


def main() -> None:
    symbols = json.loads(pathlib.Path(sys.argv[1]).read_text())["symbols"]
    lines = [
        " ".join(filter(None, (name.removeprefix("tf."), facts["k"], facts.get("sig"))))
        for name, facts in sorted(symbols.items())
    ]
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{TARGET}: {len(lines)} names")


if __name__ == "__main__":
    main()
