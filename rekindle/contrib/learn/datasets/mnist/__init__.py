# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.learn.datasets.mnist."""
from rekindle._missing import getter as _getter
from rekindle._src.data.mnist import (
    DataSet as DataSet,
    dense_to_one_hot as dense_to_one_hot,
    extract_images as extract_images,
    extract_labels as extract_labels,
    load_mnist as load_mnist,
    read_data_sets as read_data_sets,
)

__getattr__ = _getter('contrib.learn.datasets.mnist')
