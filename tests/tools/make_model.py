# SPDX-License-Identifier: MIT
"""Writes safetensors and GGUF files from the formats' own descriptions. Shares nothing with the
readers under test: sizes come from here, where they are plain sums."""
import json
import random
import struct

ST_BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I8": 8, "U8": 8,
           "F8_E4M3": 8, "F8_E5M2": 8, "BOOL": 8}
# type number: (elements of a block, bytes of a block), ggml
GGML = {0: (1, 4), 1: (1, 2), 2: (32, 18), 8: (32, 34), 12: (256, 144), 14: (256, 210), 30: (1, 2),
        39: (32, 17)}


def product(dims):
    n = 1
    for d in dims:
        n *= d
    return n


def safetensors(path, tensors, metadata=None, shuffle=None):
    """tensors: {name: (dtype, shape)}. Returns the bytes of all of them."""
    entries, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = product(shape) * ST_BITS[dtype] // 8
        entries[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    names = list(entries)
    if shuffle is not None:
        random.Random(shuffle).shuffle(names)
    header = {"__metadata__": metadata} if metadata else {}
    header.update({n: entries[n] for n in names})
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        f.truncate(8 + len(text) + at)
    return at


def random_tensors(seed, n):
    rng = random.Random(seed)
    return {f"model.layers.{i}.block_{rng.randrange(1000)}.wéight": (
        rng.choice(list(ST_BITS)), [rng.randrange(1, 9) for _ in range(rng.randrange(1, 5))])
        for i in range(n)}


def gguf_text(s):
    return struct.pack("<Q", len(s.encode())) + s.encode()


def gguf_value(v):
    if isinstance(v, str):
        return struct.pack("<I", 8) + gguf_text(v)
    if isinstance(v, float):
        return struct.pack("<If", 6, v)
    if isinstance(v, bool):
        return struct.pack("<IB", 7, v)
    if isinstance(v, list) and isinstance(v[0], str):
        return struct.pack("<IIQ", 9, 8, len(v)) + b"".join(map(gguf_text, v))
    if isinstance(v, list):
        return struct.pack("<IIQ", 9, 4, len(v)) + b"".join(struct.pack("<I", x) for x in v)
    return struct.pack("<II", 4, v)


def gguf(path, keys, tensors, alignment=32):
    """tensors: [(name, type number, dims)]. Returns the bytes of all of them."""
    head = struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(keys))
    for key, value in keys.items():
        head += gguf_text(key) + gguf_value(value)
    total = offset = 0
    for name, number, dims in tensors:
        block, size = GGML[number]
        n = product(dims) // block * size
        head += gguf_text(name) + struct.pack("<I", len(dims))
        head += b"".join(struct.pack("<Q", d) for d in dims)
        head += struct.pack("<IQ", number, offset)
        total += n
        offset += n + -n % alignment
    head += b"\0" * (-len(head) % alignment)
    with open(path, "wb") as f:
        f.write(head)
        f.truncate(len(head) + offset)
    return total
