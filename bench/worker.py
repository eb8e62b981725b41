"""One peer of the benchmark, in a process of its own: builds a case, then times a round for each line on standard
input.

    python worker.py PEER CASE

Prints a line of JSON a round, and at the end of the input one with the peak memory. Runs on Python 3.7 too.
"""
import json
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def load(peer, case):
    """The step of a case on a peer, and how many make a round."""
    if peer in ('torch eager', 'torch.compile'):
        import cases_torch
        return cases_torch.build(case, compiled=peer == 'torch.compile')
    if peer == 'jax':
        import cases_jax
        return cases_jax.build(case)
    import cases_tf
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    if peer == 'rekindle':
        import rekindle as tf
    elif peer == 'tf2':
        import tensorflow.compat.v1 as tf
        tf.disable_v2_behavior()
    else:
        import tensorflow as tf
        tf.logging.set_verbosity(tf.logging.ERROR)
    builder, count = cases_tf.CASES[case]
    return builder(tf), count


def main():
    """Say that the case is ready, then a time a line."""
    from cases_tf import median_of
    peer, case = sys.argv[1:]
    found = load(peer, case)
    if found is None:
        print(json.dumps({'absent': True}), flush=True)
        return
    step, count = found
    for _ in range(3):
        step()
    print(json.dumps({'ready': True}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({'seconds': median_of(step, count)}), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({'peak': peak}), flush=True)


if __name__ == '__main__':
    main()
