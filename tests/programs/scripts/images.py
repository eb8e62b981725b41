"""tf.image functions with known and unknown shapes: graphs, values, gradients, random numbers."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(11)
rng = np.random.RandomState(9)
im = tf.image
image = tf.placeholder(tf.float32, [5, 6, 3], name="image")
batch = tf.placeholder(tf.float32, [2, 5, 6, 3], name="batch")
some = tf.placeholder(tf.float32, [None, None, 3], name="some")
many = tf.placeholder(tf.float32, [None, None, None, 3], name="many")
pixels = tf.placeholder(tf.uint8, [5, 6, 3], name="pixels")
wide = tf.placeholder(tf.uint16, [4, 4, 1], name="wide")
gray = tf.placeholder(tf.float32, [5, 6, 1], name="gray")
size = tf.placeholder(tf.int32, [2], name="size")
big = tf.placeholder(tf.float32, [2, 40, 37, 3], name="big")
other = tf.placeholder(tf.float32, [2, 40, 37, 3], name="other")
M = im.ResizeMethod

outputs = [
    im.flip_left_right(image),
    im.flip_up_down(many),
    im.random_flip_left_right(image, seed=3),
    im.random_flip_up_down(batch),
    im.random_flip_left_right(some),
    im.rot90(image),
    im.rot90(batch, k=size[0]),
    im.transpose_image(some),
    im.transpose_image(batch),
    im.central_crop(image, 0.5),
    im.central_crop(many, 0.4),
    im.pad_to_bounding_box(image, 1, 2, 8, 9),
    im.pad_to_bounding_box(many, 1, 2, 8, size[1]),
    im.crop_to_bounding_box(batch, 1, 2, 3, 4),
    im.crop_to_bounding_box(some, 1, 0, 3, 4),
    im.resize_image_with_crop_or_pad(image, 3, 8),
    im.resize_image_with_crop_or_pad(some, 8, 3),
    im.resize_with_crop_or_pad(many, size[0], 4),
    im.resize_images(image, [7, 9]),
    im.resize_images(batch, size, M.NEAREST_NEIGHBOR),
    im.resize_images(some, [4, 4], M.BICUBIC, align_corners=True),
    im.resize_images(pixels, [3, 3], M.AREA),
    im.resize_images(image, [5, 6]),
    im.resize_images(image, [9, 20], preserve_aspect_ratio=True),
    im.resize(many, [3, 4], method="bilinear"),
    im.resize_image_with_pad(image, 9, 7),
    im.resize_image_with_pad(some, 4, 12, M.NEAREST_NEIGHBOR),
    im.resize_bilinear(batch, size, half_pixel_centers=True),
    im.per_image_standardization(image),
    im.per_image_standardization(pixels),
    im.per_image_standardization(many),
    im.random_brightness(image, 0.3, seed=5),
    im.random_contrast(batch, 0.5, 1.5),
    im.random_hue(image, 0.2),
    im.random_saturation(pixels, 0.5, 1.5, seed=2),
    im.adjust_brightness(pixels, 0.1),
    im.adjust_contrast(pixels, 1.5),
    im.adjust_gamma(image, 2, 0.5),
    im.adjust_gamma(pixels, tf.cast(size[0], tf.float32)),
    im.adjust_hue(image, 0.1),
    im.adjust_saturation(some, 0.5),
    im.convert_image_dtype(pixels, tf.float32),
    im.convert_image_dtype(image, tf.uint8, saturate=True),
    im.convert_image_dtype(wide, tf.uint8),
    im.convert_image_dtype(pixels, tf.int32, saturate=True),
    im.convert_image_dtype(image, tf.float64),
    im.rgb_to_grayscale(pixels),
    im.rgb_to_grayscale(many),
    im.grayscale_to_rgb(gray),
    im.grayscale_to_rgb(many[:, :, :, :1]),
    im.rgb_to_yiq(image),
    im.yiq_to_rgb(batch),
    im.rgb_to_yuv(some),
    im.yuv_to_rgb(image),
    im.hsv_to_rgb(im.rgb_to_hsv(tf.stop_gradient(image))),
    im.total_variation(image),
    im.total_variation(many),
    im.psnr(big, other, 1.0),
    im.psnr(pixels, pixels + 1, 255),
    im.ssim(big, other, 1.0),
    im.ssim_multiscale(big, other, 1.0, power_factors=(0.3, 0.7), filter_size=5),
    *im.image_gradients(batch),
    im.sobel_edges(batch),
    tf.random_crop(image, [3, 3, 3], seed=1),
]
smooth = [18, 24, 28, 37, 46, 50, 55, 59, 61]
total = tf.add_n([tf.reduce_sum(outputs[i]) for i in smooth if outputs[i].dtype == tf.float32])
grads = tf.gradients(total, [image, batch, some, many, big])
feed = {
    image: rng.rand(5, 6, 3),
    batch: rng.rand(2, 5, 6, 3),
    some: rng.rand(5, 6, 3),
    many: rng.rand(2, 5, 6, 3),
    pixels: rng.randint(0, 255, (5, 6, 3)),
    wide: rng.randint(0, 65536, (4, 4, 1)),
    gray: rng.rand(5, 6, 1),
    size: [6, 9],
    big: rng.rand(2, 40, 37, 3),
    other: rng.rand(2, 40, 37, 3),
}
with tf.Session() as sess:
    sess.run(outputs, feed)
    sess.run(outputs, feed)
    sess.run([g for g in grads if g is not None], feed)
    for bad in ({some: rng.rand(5, 0, 3)}, {some: rng.rand(2, 3, 3)}):
        try:
            sess.run(outputs[14], bad)
        except tf.errors.InvalidArgumentError as error:
            print(error.message.split("\n")[0])
