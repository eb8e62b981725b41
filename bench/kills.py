"""Kill a process that saves in a loop, again and again, and look what it left.

    python bench/kills.py [--kills 200] [--seed 0]

Each process saves variables that all hold the number of the save, in one of three ways: numbered checkpoints of which
three stay, one checkpoint written over and over, and in parts for two devices. It gets SIGKILL at a random moment. Then
another process must find a newest checkpoint that restores, in which all variables agree, not older than the last save
that was reported. Prints what it found, and exits 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import rekindle as tf

WAYS = ("numbered", "same", "sharded")
#: elements of each variable: enough that writing takes a while
SIZES = (10, 200_000, 400_000)


def variables() -> list[Any]:
    """Variables of several sizes, with values by feeding."""
    return [tf.get_variable(f"v{i}", shape=[size], dtype=tf.float32) for i, size in enumerate(SIZES)]


def save_forever(folder: str, way: str, first: int, report: Callable[[int], None]) -> None:
    """Save the numbers from `first` on; `report` each that is saved."""
    with tf.Graph().as_default(), tf.Session() as session:
        held = variables()
        value = tf.placeholder(tf.float32, [])
        fill = [one.assign(tf.fill([size], value)) for one, size in zip(held, SIZES)]
        saver = tf.train.Saver(max_to_keep=3, sharded=way == "sharded")
        number = first
        while True:
            session.run(fill, {value: number})
            saver.save(session, os.path.join(folder, "model"), None if way == "same" else number)
            report(number)
            number += 1


def restored(folder: str) -> int:
    """The number in the newest checkpoint; -1 where there is none.

    Raises:
      RuntimeError: the variables do not agree.
    """
    path = tf.train.latest_checkpoint(folder)
    if path is None:
        return -1
    with tf.Graph().as_default(), tf.Session() as session:
        held = variables()
        tf.train.Saver().restore(session, path)
        found = {float(x) for array in session.run(held) for x in (array.min(), array.max())}
    if len(found) != 1:
        raise RuntimeError(f"{path}: the variables hold {sorted(found)}")
    return int(found.pop())


def in_child(work: Callable[[int], Any]) -> tuple[int, int]:
    """Fork a process that runs `work` with the writing end of a pipe; gives its number and the reading end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    code = 1
    try:
        os.close(reader)
        work(writer)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def last_number(reader: int) -> int | None:
    """The last number that was written to a pipe, None if none was."""
    with os.fdopen(reader) as file:
        lines = file.read().split()
    return int(lines[-1]) if lines else None


def killed(folder: str, way: str, first: int, seconds: float) -> int | None:
    """Save in a process that is killed after a while; the last number that it reported."""
    child, reader = in_child(
        lambda pipe: save_forever(folder, way, first, lambda number: os.write(pipe, b"%d\n" % number) and None)
    )
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return last_number(reader)


def found_after(folder: str) -> int | None:
    """The number that another process restores, None if it fails."""
    child, reader = in_child(lambda pipe: os.write(pipe, b"%d\n" % restored(folder)))
    _, status = os.waitpid(child, 0)
    number = last_number(reader)
    return number if status == 0 else None


def strays(folder: str) -> list[str]:
    """What partial files and folders of parts there are."""
    return [name for name in os.listdir(folder) if "tempstate" in name or "_temp_" in name]


def run(kills: int, seed: int, most: float = 1.2) -> tuple[int, int, int, list[str]]:
    """Kill so often; gives the kills, the saves that were reported, the strays seen, and what was wrong."""
    rng = random.Random(seed)
    saves = seen = 0
    wrong = []
    with tempfile.TemporaryDirectory() as root:
        last = dict.fromkeys(WAYS, -1)
        for way in WAYS:
            os.mkdir(os.path.join(root, way))
        for kill in range(kills):
            way = WAYS[kill % len(WAYS)]
            folder = os.path.join(root, way)
            first = last[way] + 1
            reported = killed(folder, way, first, rng.uniform(0.1, most))
            if reported is not None:
                saves += reported - first + 1
            seen += len(strays(folder))
            expected = last[way] if reported is None else reported
            number = found_after(folder)
            if number is None or number < expected:
                wrong.append(f"kill {kill} ({way}): restored {number}, saved {expected}")
                break
            last[way] = max(number, expected)
        wrong += not_cleaned(root, last)
    return kills, saves, seen, wrong


def not_cleaned(root: str, last: dict[str, int]) -> list[str]:
    """Save once more in each way, and tell what strays are left."""
    time.sleep(1.1)  # so old has a file to be that nobody locked
    wrong = []
    for way in WAYS:
        folder = os.path.join(root, way)
        while killed(folder, way, last[way] + 1, 2.0) is None:
            continue
        left = strays(folder)
        if len(left) > 2:  # of the process that was killed just now
            wrong.append(f"{way}: strays are left: {left}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    kills, saves, seen, wrong = run(options.kills, options.seed)
    print(f"{kills} kills, {saves} saves reported, {seen} strays seen, {len(wrong)} wrong")
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    sys.exit(main())
