# SPDX-License-Identifier: MIT
"""Seals of records (src/base/seal.c), for records that a test writes."""

import json


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sealed(value):
    """A JSON object as a line, without its newline."""
    text = json.dumps(value, separators=(",", ":")).encode()[:-1]
    text += b"," if value else b""
    return text + b'"crc32c":"%08x"}' % crc32c(text)
