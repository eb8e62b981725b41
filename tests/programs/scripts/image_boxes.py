"""tf.image functions of boxes, with known and unknown shapes: graphs, values, gradients."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
im = tf.image
boxes = tf.placeholder(tf.float32, [30, 4], name="boxes")
scores = tf.placeholder(tf.float32, [30], name="scores")
any_boxes = tf.placeholder(tf.float32, name="any_boxes")
any_scores = tf.placeholder(tf.float32, [None], name="any_scores")
limit = tf.placeholder(tf.int32, [], name="limit")
image = tf.placeholder(tf.float32, [2, 8, 9, 3], name="image")
images = tf.placeholder(tf.float32, [None, None, None, 3], name="images")
whole = tf.placeholder(tf.uint8, [2, 8, 9, 3], name="whole")
of = tf.placeholder(tf.int32, [30], name="of")
some_of = tf.placeholder(tf.int32, [None], name="some_of")
size = tf.placeholder(tf.int32, [2], name="size")
drawn = tf.placeholder(tf.float32, [2, 3, 4], name="drawn")

crops = im.crop_and_resize(image, boxes, of, [3, 4])
more = im.crop_and_resize(images, any_boxes, box_indices=some_of, crop_size=size, method="nearest")
pixels = im.crop_and_resize(whole, boxes, of, size, extrapolation_value=-1, name="pixels")
begin, extent, box = im.sample_distorted_bounding_box(
    [8, 9, 3], drawn, seed=7, min_object_covered=0.2, area_range=(0.1, 0.9)
)
begin_2, extent_2, box_2 = im.sample_distorted_bounding_box(
    tf.shape(image)[1:],
    tf.zeros([1, 0, 4]),
    seed=1,
    seed2=2,
    aspect_ratio_range=[0.5, 2.0],
    max_attempts=5,
    use_image_if_no_bounding_boxes=True,
    name="sampled",
)
chosen = tf.reshape(scores, [1, 15, 2])
combined = im.combined_non_max_suppression(
    tf.reshape(boxes, [1, 15, 2, 4]), chosen, 3, 5, 0.4, 0.2, pad_per_class=True
)

outputs = [
    im.non_max_suppression(boxes, scores, 7),
    im.non_max_suppression(any_boxes, any_scores, limit, 0.3, 0.1, name="chosen"),
    *im.non_max_suppression_padded(boxes, scores, 20, 0.3, 0.5, pad_to_max_output_size=True),
    *im.non_max_suppression_padded(boxes, scores, limit),
    *im.non_max_suppression_with_scores(boxes, scores, 20, 0.9, 0.1, soft_nms_sigma=0.5),
    im.non_max_suppression_overlaps(tf.matmul(boxes, boxes, transpose_b=True) / 2, scores, 9),
    *combined,
    crops,
    more,
    pixels,
    *tf.gradients(crops, [image, boxes]),
    *tf.gradients(more, [images, any_boxes]),
    *tf.gradients(pixels, [boxes]),
    im.draw_bounding_boxes(image, drawn),
    im.draw_bounding_boxes(image, drawn, colors=[[1.0, 2.0, 3.0, 4.0]], name="colored"),
    begin,
    extent,
    box,
    tf.slice(image[0], begin, extent),
    begin_2,
    extent_2,
    box_2,
    im.extract_glimpse(image, [3, 4], drawn[:, 0, :2]),
    im.extract_glimpse(images, size, [[3.0, 4.0], [2.0, 1.0]], False, False, name="glimpse"),
]

corner = rng.uniform(0, 0.6, (30, 2))
values = np.concatenate([corner, corner + rng.uniform(0.1, 0.5, (30, 2))], 1)
feed = {
    boxes: values,
    scores: rng.uniform(size=30),
    any_boxes: values[:9],
    any_scores: rng.uniform(size=9),
    limit: 5,
    image: rng.normal(size=(2, 8, 9, 3)),
    images: rng.normal(size=(2, 7, 6, 3)),
    whole: rng.randint(0, 256, (2, 8, 9, 3)),
    size: [2, 3],
    of: rng.randint(0, 2, 30),
    some_of: rng.randint(0, 2, 9),
    drawn: np.clip(values[:6].reshape(2, 3, 4), 0, 1),
}
with tf.Session() as sess:
    sess.run(outputs, feed)
    sess.run([begin, extent, box, box_2], feed)
    for bad in ({of: np.full(30, 2)}, {size: [0, 3]}, {drawn: values[:6].reshape(2, 3, 4) + 1}):
        try:
            sess.run([crops, more, begin], {**feed, **bad})
        except tf.errors.OpError as error:
            print(error.message.split("\n")[0])
