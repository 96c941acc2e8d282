"""Eight bytes at a time inside the kernels: what NumPy has no word for. Little-endian, as every machine we run on."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.extending import intrinsic

EACH = 0x0101010101010101
"""Times a byte: that byte eight times."""

_WORD = ir.IntType(64)


def _trailing_zeros(_context: Any, _value: Any) -> Any:
    """Zero bits below the lowest one bit of a uint64; 64 of 0."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


def _ones(_context: Any, _value: Any) -> Any:
    """One bits of a uint64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _load(_context: Any, data: Any, _position: Any) -> Any:
    """The eight bytes from data[position] on as a uint64; `data` (uint8) must have them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(place, _WORD.as_pointer()), align=1)

    return types.uint64(data, types.int64), generate


def _store(_context: Any, data: Any, _position: Any, _value: Any) -> Any:
    """Put the eight bytes of a uint64 to data[position] and on; `data` (uint8) must have room for them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        builder.store(arguments[2], builder.bitcast(place, _WORD.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(data, types.int64, types.uint64), generate


trailing_zeros: Any = intrinsic(_trailing_zeros)
ones: Any = intrinsic(_ones)
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
