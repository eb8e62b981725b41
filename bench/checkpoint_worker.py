"""Save or restore variables on one peer, in a process of its own; prints a line of JSON with seconds and memory.

    python checkpoint_worker.py PEER save|restore FOLDER MEGABYTES VARIABLES

Runs on Python 3.7 too. Memory counts above what the process has before there are variables: before the step, and at
most during it; where the system cannot forget an earlier peak, the peak since the start counts.
"""
import json
import os
import sys
import time

import numpy as np


def memory(key):
    """Bytes of this process: VmRSS now, VmHWM at most."""
    with open('/proc/self/status') as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    raise KeyError(key)


def forget_peak():
    """Let VmHWM begin anew."""
    try:
        with open('/proc/self/clear_refs', 'w') as file:
            file.write('5')
    except OSError as error:
        sys.stderr.write(f'the peak is that since the start: {error}\n')


def load(peer):
    """The module that programs of a peer use."""
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    if peer == 'rekindle':
        import rekindle as tf
    elif peer == 'tf2':
        import tensorflow.compat.v1 as tf
        tf.disable_v2_behavior()
    else:
        import tensorflow as tf
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def main():
    """Do one step; check what it restored."""
    peer, step, folder, megabytes, count = sys.argv[1:]
    tf = load(peer)
    count = int(count)
    size = int(megabytes) * (1 << 20) // 4 // count
    names = [f'v{i}' for i in range(count)]
    held = [tf.get_variable(name, [size], initializer=tf.zeros_initializer()) for name in names]
    value = tf.placeholder(tf.float32, [])  # fed, so that no one folds a constant as large as a variable
    fill = [v.assign(tf.fill([size], value)) for v in held]
    ends = [v[::max(1, size - 1)] for v in held]
    saver = tf.train.Saver()
    path = os.path.join(folder, 'model')
    with tf.Session() as session:
        session.run(tf.constant(0))
        base = memory('VmRSS')
        if step == 'save':
            for i, one in enumerate(fill):
                session.run(one.op, {value: i + 1})
        before = memory('VmRSS') - base
        forget_peak()
        begin = time.time()
        if step == 'save':
            saver.save(session, path, write_meta_graph=False)
        else:
            saver.restore(session, path)
        seconds = time.time() - begin
        peak = memory('VmHWM') - base
        if step == 'restore':
            np.testing.assert_array_equal([one[0] for one in session.run(ends)], np.arange(1, count + 1))
    print(json.dumps({'seconds': seconds, 'before': before, 'peak': peak, 'bytes': 4 * size * count}))


if __name__ == '__main__':
    main()
