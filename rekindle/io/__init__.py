# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.io."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.graph_files import write_graph as write_graph
from rekindle._src.formats.tfrecord import (
    TFRecordCompressionType as TFRecordCompressionType,
    TFRecordOptions as TFRecordOptions,
    TFRecordWriter as TFRecordWriter,
    tf_record_iterator as tf_record_iterator,
)
from rekindle._src.image.files import (
    decode_image as decode_image,
    is_jpeg as is_jpeg,
)
from rekindle._src.ops.image_codec import (
    decode_and_crop_jpeg as decode_and_crop_jpeg,
    decode_bmp as decode_bmp,
    decode_gif as decode_gif,
    decode_jpeg as decode_jpeg,
    decode_png as decode_png,
    encode_jpeg as encode_jpeg,
    extract_jpeg_shape as extract_jpeg_shape,
)
from rekindle._src.ops.io import (
    matching_files as matching_files,
    read_file as read_file,
    write_file as write_file,
)
from rekindle._src.ops.parsing import (
    FixedLenFeature as FixedLenFeature,
    FixedLenSequenceFeature as FixedLenSequenceFeature,
    SparseFeature as SparseFeature,
    VarLenFeature as VarLenFeature,
    parse_example as parse_example,
    parse_sequence_example as parse_sequence_example,
    parse_single_example as parse_single_example,
    parse_single_sequence_example as parse_single_sequence_example,
)
from rekindle._src.ops.parsing_kernels import (
    decode_compressed as decode_compressed,
    decode_csv as decode_csv,
    decode_json_example as decode_json_example,
    parse_tensor as parse_tensor,
    serialize_tensor as serialize_tensor,
)
from rekindle._src.ops.proto_messages import (
    decode_proto as decode_proto,
    encode_proto as encode_proto,
)
from rekindle._src.ops.queues import (
    PaddingFIFOQueue as PaddingFIFOQueue,
    PriorityQueue as PriorityQueue,
    QueueBase as QueueBase,
    RandomShuffleQueue as RandomShuffleQueue,
)
from rekindle._src.ops.sparse_serialize import (
    deserialize_many_sparse as deserialize_many_sparse,
    serialize_many_sparse as serialize_many_sparse,
    serialize_sparse as serialize_sparse,
)
from rekindle._src.ops.string import (
    decode_base64 as decode_base64,
    decode_raw as decode_raw,
    encode_base64 as encode_base64,
)
from rekindle._src.train.input import match_filenames_once as match_filenames_once
from rekindle.io import gfile as gfile

__getattr__ = _getter('io')
