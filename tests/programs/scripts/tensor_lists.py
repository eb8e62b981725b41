"""Tensor lists: all ops on them, in loops and branches, and gradients through them."""
import tensorflow as tf
from tensorflow.python.ops import gen_list_ops, list_ops

x = tf.placeholder(tf.float32, [], name="x")
rows = tf.placeholder(tf.float32, [None, 2], name="rows")
f32 = tf.float32

pushed = list_ops.empty_tensor_list([], f32, max_num_elements=4)
pushed = list_ops.tensor_list_push_back(pushed, x)
pushed = list_ops.tensor_list_push_back(pushed, x * x)
shorter, last = list_ops.tensor_list_pop_back(pushed, f32)
whole = list_ops.tensor_list_stack(pushed, f32)
sizes = [gen_list_ops.tensor_list_length(pushed), gen_list_ops.tensor_list_length(shorter),
         gen_list_ops.tensor_list_element_shape(pushed, tf.int64)]
stacked_gradient = tf.gradients(whole * [1.0, 3.0], x)
last_gradient = tf.gradients(last, x)

listed = list_ops.tensor_list_from_tensor(rows, [2])
changed = list_ops.tensor_list_set_item(listed, 1, tf.stack([x, x]))
item = list_ops.tensor_list_get_item(changed, 1, f32)
other = list_ops.tensor_list_get_item(changed, 0, f32)
picked = list_ops.tensor_list_gather(changed, [2, 0, 2], f32)
set_gradient = tf.gradients([item, other, picked], [rows, x])
grown = gen_list_ops.tensor_list_resize(changed, 5)
filled = list_ops.tensor_list_stack(grown, f32)
resize_gradient = tf.gradients(filled, rows)

scattered = list_ops.tensor_list_scatter(rows, [3, 0, 1], [2])
more = list_ops.tensor_list_scatter(rows * x, [0, 2, 4], input_handle=scattered)
old = gen_list_ops.tensor_list_scatter(rows, [0, 1, 2], [2])
scatter_stacked = list_ops.tensor_list_stack(more, f32)
old_stacked = list_ops.tensor_list_gather(old, [1], f32)
scatter_gradient = tf.gradients([scatter_stacked, old_stacked], [rows, x])

parts = list_ops.tensor_list_split(rows, [None, 2], tf.constant([1, 2], tf.int64))
joined = list_ops.tensor_list_concat(parts, f32)
old_joined = gen_list_ops.tensor_list_concat(parts, f32, element_shape=[None, 2])
split_gradient = tf.gradients([joined * rows, old_joined[0] * x], [rows, x])

both = tf.stack([pushed, pushed])
lists = tf.unstack(gen_list_ops.tensor_list_concat_lists(both, both, f32))
longer = tf.unstack(gen_list_ops.tensor_list_push_back_batch(both, tf.stack([x, -x])))
batches = [list_ops.tensor_list_stack(one, f32) for one in lists + longer]
nothing = list_ops.tensor_list_stack(tf.zeros_like(pushed), f32)
twice = list_ops.tensor_list_stack(tf.add_n([pushed, pushed]), f32)

_, squares = tf.while_loop(
    lambda i, squares: i < 5,
    lambda i, squares: (i + 1, list_ops.tensor_list_push_back(squares, tf.cast(i, f32) * x)),
    [0, list_ops.empty_tensor_list([], f32)])
looped = list_ops.tensor_list_stack(squares, f32)
reserved = list_ops.tensor_list_reserve([], 3, f32)
_, written = tf.while_loop(
    lambda i, held: i < 3,
    lambda i, held: (i + 1, list_ops.tensor_list_set_item(held, i, x * x)), [0, reserved])
loop_gradient = tf.gradients([looped, list_ops.tensor_list_stack(written, f32, 3)], x)
branch = tf.cond(x > 0, lambda: list_ops.tensor_list_push_back(pushed, x * 2), lambda: pushed)
chosen = list_ops.tensor_list_stack(branch, f32)
extended = list_ops.tensor_list_set_item(pushed, 3, x, resize_if_index_out_of_bounds=True)
extended = list_ops.tensor_list_stack(extended, f32)

with tf.Session() as sess:
    for value in (3.0, -2.0):
        feeds = {x: value, rows: [[1, 2], [3, 4], [5, 6]]}
        sess.run([whole, last, sizes, stacked_gradient, last_gradient], feeds)
        sess.run([item, other, picked, set_gradient, filled, resize_gradient], feeds)
        sess.run([scatter_stacked, old_stacked, scatter_gradient], feeds)
        sess.run([joined, old_joined, split_gradient, batches, nothing, twice], feeds)
        sess.run([looped, loop_gradient, chosen, extended], feeds)
