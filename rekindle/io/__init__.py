# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.io."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.tfrecord import (
    TFRecordCompressionType as TFRecordCompressionType,
    TFRecordOptions as TFRecordOptions,
    TFRecordWriter as TFRecordWriter,
    tf_record_iterator as tf_record_iterator,
)
from rekindle._src.ops.sparse_serialize import (
    deserialize_many_sparse as deserialize_many_sparse,
    serialize_many_sparse as serialize_many_sparse,
    serialize_sparse as serialize_sparse,
)
from rekindle.io import gfile as gfile

__getattr__ = _getter('io')
