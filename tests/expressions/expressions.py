"""Expressions by subject, and the names that they use; plain Python for tools/record.py."""
from __future__ import annotations

import collections
import json
import os

import numpy as np

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden",
                      "expressions")

Pair = collections.namedtuple("Pair", "a b")
OtherPair = collections.namedtuple("Pair", "a b")
Point = collections.namedtuple("Point", "x y")


class SubPair(Pair):
    """A class derived from a namedtuple."""


class Numbers(list):
    """A class derived from list."""


def namespace(tf, nest):
    """What the expressions may name."""
    return {
        "tf": tf, "nest": nest, "np": np, "T": tf.TensorShape, "D": tf.Dimension,
        "x": tf.TensorShape([None, 2]), "OrderedDict": collections.OrderedDict,
        "Pair": Pair, "OtherPair": OtherPair, "Point": Point, "SubPair": SubPair,
        "Numbers": Numbers,
        "lists": collections.defaultdict(list, {"b": 1, "a": 2}),
    }


class Wrapped:
    """What numpy takes for an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


def graph_namespace(tf, nest):
    """`namespace` with a graph of a variable, placeholders and a constant, and a session for it."""
    v = tf.Variable([[1.0, 2.0]], name="v")
    p = tf.placeholder(tf.float32, [None, 4], name="p")
    s = tf.placeholder(tf.string, name="s")
    i = tf.constant(3, name="i")
    session = tf.Session()
    session.run(v.initializer)
    more = {"v": v, "p": p, "s": s, "i": i, "A": Wrapped, "run": session.run, "shown": shown}
    return dict(namespace(tf, nest), **more)


def shown(value):
    """A tensor or an array by type, shape and (if known) elements; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return [shown(one) for one in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return [str(value.dtype), value.shape, value.tolist()]
    if hasattr(value, "graph") and hasattr(value, "dtype"):
        return [value.dtype.name, str(value.shape)]
    return value


def outcome(expression, names):
    """What the expression gives: ["value", repr] or [class of the error, message]."""
    try:
        return ["value", repr(eval(expression, dict(names)))]
    except Exception as error:  # the error is the outcome
        return [type(error).__name__, str(error)]


def recorded(subject):
    """{expression: outcome} as TensorFlow gave them."""
    with open(os.path.join(GOLDEN, subject + ".json")) as file:
        return json.load(file)


SHAPES = [
    'hash(T([1]))',
    'hash(D(1))',
    'T([None,2])==T([None,2])',
    'T(None)==T(None)',
    'T(None)!=T(None)',
    'T([1]).x',
    'D(-1)',
    'D(1.5)',
    "D('3')",
    "D('x')",
    'D(tf.float32)',
    'D(None)==None',
    'D(1)==None',
    'D(1)<D(None)',
    'D(1)<2',
    'D(3)/2',
    'D(3)//2',
    '7/D(3)',
    '7//D(3)',
    '7-D(3)',
    'D(3)%2',
    '7%D(3)',
    'T(3)',
    "T('ab')",
    'T(tf.float32)',
    'repr(T(None))',
    'str(T(None))',
    'repr(T([None,2]))',
    'str(T([2]))',
    'str(T([None]))',
    'T([1,2])+[3]',
    '[3]+T([1])',
    'T([1,2])[-1]',
    'T([1,2])[5]',
    'T(None)[2:4]',
    'T(None)[1]',
    'T(None)[::2]',
    'T([1,2]).merge_with([1,3])',
    'T([1,2]).merge_with([1])',
    'T([1]).with_rank(2)',
    'T([1]).with_rank_at_least(2)',
    'T([1]).with_rank_at_most(0)',
    'T(None).as_list()',
    'len(T(None))',
    'list(T(None))',
    'T([1])==5',
    'T([1])==object()',
    'T([1])!=object()',
    'D(1)==object()',
    'bool(T([]))',
    'bool(D(0))',
    'bool(D(3))',
    'int(D(None))',
    'range(D(3))',
    'D(1)+None',
    "D(1)+'a'",
    'T([D(1),None])',
    'T([1,2]).num_elements()',
    'T([None]).num_elements()',
    'T([1,2]).assert_is_compatible_with([1,3])',
    'T([None]).assert_is_fully_defined()',
    'T(-1)',
    'T([-1])',
    'T([1]).assert_same_rank([1,2])',
    'T([1]).assert_has_rank(2)',
    'T([1,2]).most_specific_compatible_shape([1,3])',
    'T(tf.TensorShape([1]).as_proto())',
    'D(1)*D(None)',
    '-D(1)',
    'D(1).merge_with(2)',
    'D(1).assert_is_compatible_with(2)',
    'T([1.5])',
    'T((2,))',
    'T(range(3))',
    'T(iter([1,2]))',
    'isinstance(D(1).value,int)',
    'T([1,2]).ndims',
    'T([1,2]).dims',
    'D(2)**2',
    'D(1) is None',
    'str([D(1)])',
    'T([1]).concatenate(None)',
    'T([1,2]) in [T([1,2])]',
    "T('12')",
    "T(b'1')",
    "T({'a':1})",
    'D(True)',
    '3 if D(None)==D(None) else 4',
    'D(None)!=1',
    'D(3)>=3',
    'D(3)>None',
    'abs(D(3))',
    'divmod(D(3),2)',
    'T([1,2])[0:None:2]',
    'T(None)[-1:2]',
    'T(None)[2:1]',
    "T([2,3])=='23'",
    'tf.TensorShape([1,2]).__concat__([3])',
    'T([1,2])*2',
    'D(3)+object()',
    "D('a')==3",
    "D(3)=='a'",
    "__import__('numpy').array(T([1,2]))",
    "__import__('numpy').zeros(T([1,2]))",
    "__import__('numpy').zeros([D(1)])",
    'T(x) == x',
    'x == x',
    'x[1:] == x[1:]',
    'x.dims[0] is x.dims[0]',
    'T([None, 2]) != T([None, 2])',
    'str(T(()))',
    'T([1]).with_rank(1)',
    'T(None).with_rank(2)',
    'T([1, 2]).with_rank_at_least(1)',
    'T(None).with_rank_at_most(1)',
    'T(None).merge_with([3])',
    'T([None, 2]).merge_with([3, None])',
    'T(None).most_specific_compatible_shape([1])',
    'T([2]).is_fully_defined()',
    'T([None]) in [T([None])]',
    'tf.dimension_value(D(3))',
    'tf.dimension_value(4)',
    'tf.dimension_at_index(x, 1)',
    'tf.dimension_at_index(T(None), 1)',
    'T([2, None]).as_list()',
    'T([2, None]).as_proto().dim[1].size',
    'T(None).as_proto().unknown_rank',
    'T(T([2, None]).as_proto())',
    'D(2) - 3',
    'D(3) + (-1)',
    'D(4) - 1',
    '2 * D(4)',
    'D(None) * 2',
    'D(3).is_compatible_with(None)',
    'D(None).merge_with(3)',
    'T([3, 4]).rank',
    'T(None).ndims',
    'T(None).num_elements()',
    'list(T([1, None]))',
    '[d.value for d in T([1, None])]',
    'T([1, 2, 3])[1:]',
    'T([1, 2, 3])[::-1]',
    'T([1]) + None',
    'T([1]).concatenate([None])',
    'len(T([1, 2]))',
    'D(5) == 5',
    'D(5) != 5',
    'T(5) == [5]',
    'T([5]) == (5,)',
    'T([5]) != (6,)',
]

NEST = [
    'nest.flatten([1,[2,(3,)]])',
    "nest.flatten({'b':1,'a':[2]})",
    "nest.flatten('ab')",
    'nest.flatten(Pair(1,[2]))',
    "nest.flatten({1:2,'a':3})",
    'nest.flatten(np.ones(2)).__len__()',
    'nest.flatten(range(3))',
    'nest.flatten({1,2})',
    "nest.flatten({'a':1}.values())",
    'nest.flatten(None)',
    'nest.flatten([])',
    "nest.flatten(bytearray(b'ab'))",
    "nest.pack_sequence_as({'b':1,'a':[2]},[5,6])",
    "nest.pack_sequence_as(OrderedDict([('b',1),('a',2)]),[5,6])",
    'nest.pack_sequence_as(lists,[5,6])',
    'nest.pack_sequence_as(Pair(1,[2]),[5,6])',
    'nest.pack_sequence_as([1,2],[1])',
    'nest.pack_sequence_as([1,2],[1,2,3])',
    'nest.pack_sequence_as(1,[1,2])',
    'nest.pack_sequence_as(1,2)',
    "nest.pack_sequence_as([1],'a')",
    'nest.pack_sequence_as(range(2),[1,2])',
    "nest.pack_sequence_as([{'a':1}.values()],[1])",
    'nest.pack_sequence_as((1,[]),(4,))',
    'nest.pack_sequence_as([1],{0:5})',
    'nest.map_structure(lambda x,y:x+y,[1,(2,)],[3,(4,)])',
    'nest.map_structure(1,[1])',
    'nest.map_structure(abs)',
    'nest.map_structure(abs,[1],foo=1)',
    'nest.map_structure(lambda x,y:1,[1],(1,))',
    'nest.map_structure(lambda x,y:1,[1],(1,),check_types=False)',
    'nest.assert_same_structure([1,2],[1])',
    'nest.assert_same_structure([1,[2]],[1,2])',
    'nest.assert_same_structure(1,[2])',
    "nest.assert_same_structure({'a':1},{'b':1})",
    "nest.assert_same_structure({'a':1},{'a':1,'b':1})",
    "nest.assert_same_structure({'a':1},OrderedDict(a=1))",
    'nest.assert_same_structure(Pair(1,2),OtherPair(1,2))',
    'nest.assert_same_structure(Pair(1,2),Point(1,2))',
    'nest.assert_same_structure(Pair(1,2),(1,2))',
    'nest.assert_same_structure(SubPair(1,2),Pair(1,2))',
    'nest.assert_same_structure(Numbers([1]),[1])',
    'nest.assert_same_structure([1],(1,))',
    'nest.assert_same_structure([1],(1,),check_types=False)',
    "nest.assert_same_structure({'a':1},{'b':1},check_types=False)",
    "nest.assert_same_structure(OrderedDict(a=1),{'b':(1,)})",
    "nest.assert_same_structure([3,'a'],[4,['b','c']])",
    'nest.assert_same_structure(OrderedDict(a=1),[1])',
    "nest.is_sequence('a')",
    'nest.is_sequence({1})',
    'nest.is_sequence({}.keys())',
    'nest.is_sequence(np.ones(2))',
    'nest.is_sequence(bytearray(2))',
    "nest.flatten_dict_items({(4,5,(6,8)):('a','b',('c','d'))})",
    "nest.flatten_dict_items({4:'a',(4,):('b',)})",
    'nest.flatten_dict_items({(4,5):(1,)})',
    'nest.flatten_dict_items([1])',
    'nest.flatten_dict_items({(4,4):(1,2)})',
    'nest.flatten_up_to([[True,True],[False,True]],[[[2,2],[3,3]],[[4,9],[5,5]]])',
    'nest.flatten_up_to(0,[0,1])',
    'nest.flatten_up_to([0,1],0)',
    "nest.flatten_up_to(['a','b'],['c',['d','e'],'f'],check_subtrees_length=False)",
    "nest.flatten_up_to(['a','b'],['c',['d','e'],'f'])",
    "nest.flatten_up_to(['a','b','c'],['c'],check_subtrees_length=False)",
    "nest.flatten_up_to({'a':1,'c':2},{'a':1,'b':3})",
    'nest.flatten_up_to((1,),[1])',
    'nest.flatten_up_to(Pair(1,2),Point([1],2))',
    'nest.flatten_up_to(Pair(1,2),OtherPair([1],2))',
    'nest.flatten_up_to(dict(a=1),OrderedDict(a=[1]))',
    'nest.flatten_up_to(dict(a=1,b=2),dict(b=3,a=4,c=5),check_subtrees_length=False)',
    'nest.flatten_up_to(Pair(1,2),(3,4),check_types=False)',
    'nest.flatten_up_to((1,2),Pair(3,4))',
    "nest.map_structure_up_to(['evens',['odds','primes']],lambda n,"
    "s:'first_%d_%s'%(len(s),n),['evens',['odds','primes']],[[2,4],[[1,3,5],[3,5,7]]])",
    'nest.map_structure_up_to([1],abs)',
    "nest.map_structure_with_tuple_paths_up_to({'a':None},lambda p,*v:(p,"
    "v),{'a':1,'b':2},{'a':3,'b':4},check_subtrees_length=False)",
    "nest.map_structure_with_paths(lambda p,x:(p,x),{'a':[1,2]})",
    'nest.map_structure_with_tuple_paths(lambda p,x:(p,x),Pair(1,[2]))',
    'nest.get_traverse_shallow_structure(lambda s: not isinstance(s,tuple),[1,(2,3),[4,(5,)]])',
    'nest.get_traverse_shallow_structure(lambda s: 1,[1])',
    'nest.get_traverse_shallow_structure(lambda s: [1],[1])',
    'nest.get_traverse_shallow_structure(lambda s: [True],1)',
    'nest.get_traverse_shallow_structure(lambda s: [True,'
    'False] if isinstance(s,list) else True,[(1,2),(1,)])',
    "list(nest.yield_flat_paths({'a':[3],'b':Pair(1,2)}))",
    "nest.flatten_with_joined_string_paths({'a':[3],'b':Pair(1,2)})",
    "nest.flatten_with_joined_string_paths({'a':[3]},separator='.')",
    'nest.flatten_with_tuple_paths([1,(2,)])',
    'list(nest.yield_flat_paths(3))',
    "nest.flatten_up_to([1,2],{'a':1},check_types=False)",
    "nest.assert_shallow_structure({'a':1},[1],check_types=False)",
]

CONVERSIONS = [
    'shown(tf.constant([D(20),10]))',
    'shown(tf.constant([D(20),10],tf.int64))',
    'shown(tf.reshape(v,[D(2),-1]))',
    'shown(tf.reshape(v,[p.shape[1]//2,-1]))',
    'shown(tf.zeros([p.shape[1],2]))',
    'shown(tf.zeros(p.shape[1:]))',
    'shown(tf.constant(A([1.,2.])))',
    'shown(tf.constant(A(np.arange(3))))',
    'shown(tf.stack([1,i]))',
    'shown(tf.convert_to_tensor([1,i,2.0]))',
    'shown(tf.convert_to_tensor([[1.0,v[0,0]],[2.0,3.0]]))',
    'shown(tf.constant([1.5],tf.int32))',
    'shown(tf.constant([1,2],tf.float32))',
    'shown(tf.constant(True,tf.int32))',
    'shown(tf.constant(np.array([True]),tf.int32))',
    'shown(tf.constant("a",tf.int32))',
    'shown(tf.constant(2**40))',
    'shown(tf.constant(None))',
    'shown(tf.constant([1,None]))',
    'shown(tf.constant([[1],[1,2]]))',
    'shown(tf.constant([]))',
    'shown(tf.constant([],tf.int32))',
    'shown(tf.constant(np.float64(3)))',
    'shown(tf.constant(range(3)))',
    'shown(tf.constant({1}))',
    "shown(tf.constant({'a':1}))",
    'shown(tf.constant(1j))',
    'shown(tf.constant([1,2.5]))',
    "shown(tf.constant(['a',1]))",
    "shown(tf.constant(b'\\xff'))",
    "shown(tf.constant(u'\\u00e9'))",
    "shown(tf.constant(np.array(['a','bb'])))",
    'shown(tf.constant(1,shape=[2,2]))',
    'shown(tf.constant([1,2,3],shape=[2]))',
    'shown(tf.constant(1.0,tf.float16))',
    'shown(v+1)',
    'shown(i+1.5)',
    'shown(np.float32(2)*v)',
    'shown(np.ones((1,2),np.float32)+v)',
    'shown(np.ones((1,2))+v)',
    'shown(v*i)',
    'shown(i/2)',
    'shown(tf.matmul(v,np.ones((2,1))))',
    'shown(1 if v else 2)',
    'shown(bool(i))',
    'shown(list(p))',
    '[x for x in tf.constant([1, 2])]',
    'shown(len(p))',
    'shown(range(i))',
    'shown(np.array(i))',
    'shown(p==p)',
    'shown(float(p.shape[1].value))',
    "shown(tf.constant(np.datetime64('2020-01-01')))",
    'shown(tf.concat([v,[[1.,2.]]],0))',
    'shown(tf.stack([np.ones(2), np.zeros(2)]))',
    'shown(tf.where(np.array([True]),[1],[2]))',
    "shown(run(b'v:0'))",
    "shown(run(['v:0', i]))",
    "shown(run([p, s], {(p, s): (np.ones((1, 4)), 'x')})[0])",
    'shown(run(p, {p: [[1, 2, 3, 4]]}))',
    'shown(run(p, {p: [1, 2]}))',
    "shown(run(p, {p: 'a'}))",
    'shown(run(p, {p: tf.ones([1, 4])}))',
    'shown(run(p, {p: None}))',
    'shown(run(None))',
    'shown(run([None]))',
    'shown(run(3))',
    'shown(run([v, v]))',
    'shown(run(v.initializer))',
    'shown(run(i, {i: 1.5}))',
    'shown(run(i, {i: 2 ** 40}))',
    'shown(run(i, {i: True}))',
    'shown(run(v, {v: [[3., 4.]]}))',
    "shown(run('p:0', {'p:0': np.ones((1, 4))}))",
    "shown(run('v/Assign'))",
    "shown(run('zzz'))",
    "shown(run('v:7'))",
    "shown(run({'a': i, 'b': (i, [i])})['b'])",
    "shown(run(tf.identity(s), {s: [b'a', b'b']}))",
    "shown(run(i, {'nothing:0': 1}))",
    'shown(run(i, {3: 1}))',
    'shown(run(i, [1]))',
    'shown(run(i + 1, {i: 41}))',
]

SUBJECTS = {"shapes": SHAPES, "nest": NEST, "conversions": CONVERSIONS}
