#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints vectors.h: the formats of docs/format computed a second time.

Written from the format pages alone, with Python's hashlib and the AES-GCM and
Ed25519 of the 'cryptography' package.  Run it again after a change of a
format:  python3 vectors.py > vectors.h
"""
import base64
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives import serialization


def sha(data):
    return hashlib.sha256(data).digest()


def salt(seed, index, count):
    depth = max(1, (count - 1).bit_length())
    node = seed
    for bit in range(depth - 1, -1, -1):
        node = sha((b"\x11" if index >> bit & 1 else b"\x10") + node)
    return node


def commitment(key, raw):
    return hmac.new(key, b"audit-record/v1\0" + raw, hashlib.sha256).digest()


def inner(seq, received_us, raw, key):
    return sha(b"\0" + struct.pack(">BQQI", 1, seq, received_us, len(raw)) + commitment(key, raw))


def tree(hashes):
    if len(hashes) == 1:
        return hashes[0]
    left = 1
    while left * 2 < len(hashes):
        left *= 2
    return sha(b"\1" + tree(hashes[:left]) + tree(hashes[left:]))


def expand(key, info, size, digest):
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.new(key, block + info + bytes([counter]), digest).digest()
        out, counter = out + block, counter + 1
    return out[:size]


def chunked(key, context, sealed_salt, plain):
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + sealed_salt + context
    okm = expand(key, info, 76, hashlib.sha512)
    base = int.from_bytes(okm[32:44], "big")
    out = sealed_salt + okm[44:]
    for k in range(len(plain) // 16384 + 1):
        nonce = (base ^ k).to_bytes(12, "big")
        out += AESGCM(okm[:32]).encrypt(nonce, plain[k * 16384:(k + 1) * 16384], b"")
    return out


def show(name, data):
    print("static const uint8_t %s[%d] = {" % (name, len(data)))
    for at in range(0, len(data), 12):
        print("    " + " ".join("0x%02x," % b for b in data[at:at + 12]))
    print("};\n")


SEED = bytes(range(32))
RECEIVED = 1795410000000000


def record(index):
    return b"{\"Id\":%d,\"Operation\":\"MailItemsAccessed\"}" % index


def pattern(size):
    return bytes((i * 7 + i // 256) & 0xff for i in range(size))


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* vectors.h - made by vectors.py; do not edit. */")
print("#ifndef TEST_CRYPT_VECTORS_H\n#define TEST_CRYPT_VECTORS_H\n\n#include <stdint.h>\n")
for count in (1, 2, 3, 5, 257, 1000):
    show("vector_salts_%d" % count, sha(b"".join(salt(SEED, j, count) for j in range(count))))
    hashes = [inner(100 + j, RECEIVED, record(j), salt(SEED, j, count)) for j in range(count)]
    show("vector_root_%d" % count, tree(hashes))
show("vector_commitment", commitment(SEED, b"hello"))
leaf = b"ALC1" + struct.pack(">BBHQQIIQQ", 1, 1, 6, 7, 100, 257, 0, RECEIVED, 123456)
leaf += bytes(range(16)) + SEED + bytes(range(32, 64))
show("vector_leaf", leaf)
show("vector_leaf_hash", sha(b"\0" + leaf))
show("vector_expand_256", expand(SEED, b"label", 80, hashlib.sha256))
show("vector_expand_512", expand(SEED, b"label", 150, hashlib.sha512))
show("vector_chunked", chunked(SEED, b"context", bytes(range(100, 124)), b"plain text"))
for size in (0, 1, 16383, 16384, 40000):
    show("vector_chunked_%d" % size,
         sha(chunked(SEED, b"context", bytes(range(100, 124)), pattern(size))))
signer = Ed25519PrivateKey.from_private_bytes(SEED)
public = signer.public_key().public_bytes(serialization.Encoding.Raw,
                                          serialization.PublicFormat.Raw)
show("vector_public", public)
origin = "audit.example.com/tlog/000102030405060708090a0b0c0d0e0f"
text = "audit-receipt/v1\n%s\nleaf 7\nseq 100 257\ntime %d\nleafhash %s\nmmd 60\n" % (
    origin, RECEIVED, base64.b64encode(sha(b"\0" + leaf)).decode())
key_id = sha(origin.encode() + b"\n\x01" + public)[:4]
note = text + "\n\u2014 %s %s\n" % (
    origin, base64.b64encode(key_id + signer.sign(text.encode())).decode())
show("vector_receipt", note.encode())
print("#endif")
