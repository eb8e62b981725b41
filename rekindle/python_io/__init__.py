# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.python_io."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.tfrecord import (
    TFRecordCompressionType as TFRecordCompressionType,
    TFRecordOptions as TFRecordOptions,
    TFRecordWriter as TFRecordWriter,
    tf_record_iterator as tf_record_iterator,
)

__getattr__ = _getter('python_io')
