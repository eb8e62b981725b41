"""Texts as vectors: the embeddings of words, one by one or their mean."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.spaces import show, shown
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.state import embedding, embedding_safe
from rekindle._src.state.variable_scope import variable_scope

show("library", "safe_embedding_lookup_sparse", embedding_safe.__name__)


@shown("library", "embed_sequence")
def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Any:
    """The embeddings of words: [N, T, embed_dim] of [N, T].

    Args:
      ids: [N, T], integers.
      vocab_size: the number of words.
      embed_dim: the size of an embedding.
      unique: look each word up once.
      initializer, regularizer, trainable: of the variable `embeddings`.
      scope: the variable scope.
      reuse: share the variable of the scope; the sizes may be left out then.

    Raises:
      ValueError: the sizes are not given.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = None if embed_dim is None or reuse and vocab_size is None else (
            [vocab_size, embed_dim]
        )
        embeddings = model_variable(
            "embeddings",
            shape=shape,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if unique:
            return embedding_lookup_unique(embeddings, ids)
        return embedding.embedding_lookup(embeddings, ids)


@shown("library", "bow_encoder")
def bow_encoder(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    sparse_lookup: bool = True,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Any:
    """The mean of the embeddings of a text's words: [N, embed_dim].

    Args:
      ids: [N, T], integers, dense or sparse.
      vocab_size: the number of words.
      embed_dim: the size of an embedding.
      sparse_lookup: words that are 0 do not count.
      initializer, regularizer, trainable: of the variable `embeddings`.
      scope: the variable scope.
      reuse: share the variable of the scope.

    Raises:
      ValueError: a size is not given.
      TypeError: the words are sparse, and `sparse_lookup` is not set.
    """
    if not vocab_size or not embed_dim:
        raise ValueError("Must specify vocab size and embedding dimension")
    with variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable(
            "embeddings",
            shape=[vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if sparse_lookup:
            words = ids if isinstance(ids, SparseTensor) else _nonzero(ids)
            return embedding_safe.safe_embedding_lookup_sparse(
                [embeddings], words, combiner="mean", default_id=0
            )
        if isinstance(ids, SparseTensor):
            raise TypeError("ids are expected to be dense Tensor, got: %s", ids)
        return math_ops.reduce_mean(embedding.embedding_lookup(embeddings, ids), axis=1)


def _nonzero(dense: Any) -> SparseTensor:
    """The elements that are not 0."""
    with scopes.name_scope("DenseToSparseTensor"):
        dense = convert.convert_to_tensor(dense)
        zero = math_ops.cast(dense.dtype.as_numpy_dtype(), dense.dtype, name="ignore_value")
        indices = array_ops.where(math_ops.not_equal(dense, zero), name="indices")
        values = array_ops.gather_nd(dense, indices, name="values")
        shape = array_ops.shape(dense, out_type=dtypes.int64, name="dense_shape")
        return SparseTensor(indices, values, shape)


@shown("library", "embedding_lookup_unique")
def embedding_lookup_unique(
    params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None
) -> Any:
    """`tf.nn.embedding_lookup` that looks each of several equal ids up once."""
    with scopes.name_scope(name, "EmbeddingLookupUnique", [params, ids]):
        ids = convert.convert_to_tensor(ids)
        shape = array_ops.shape(ids)
        flat = array_ops.reshape(ids, math_ops.reduce_prod(shape, keepdims=True))
        unique, where = array_ops.unique(flat)
        found = embedding.embedding_lookup(params, unique, partition_strategy)
        gathered = array_ops.gather(found, where)
        rows = array_ops.concat([shape, array_ops.shape(found)[1:]], 0)
        outputs = array_ops.reshape(gathered, rows)
        outputs.set_shape(ids.get_shape().concatenate(found.get_shape()[1:]))
        return outputs
