#!/usr/bin/env python3
"""Writes openssl_samples.json: samples decrypted by OpenSSL (through pyca/cryptography), an implementation that shares
nothing with the library.

The encrypted bytes of a sample come from SHA-256 of its name and a block number, so the file holds parameters and a hash.
Decryption follows ISO/IEC 23001-7: the bytes that a scheme encrypts are collected, go through OpenSSL in one piece per
key stream or chain, and are put back.
"""
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

CIPHERS = {"AES-128": algorithms.AES128, "SM4": algorithms.SM4}


def stream(name, what, length):
    blocks = (hashlib.sha256(f"{name}/{what}/{number}".encode()).digest() for number in range((length + 31) // 32))
    return b"".join(blocks)[:length]


def encrypted_places(start, length, pattern, partial_block):
    """The (offset, length) pieces of one protected range that are encrypted."""
    if partial_block:
        return [(start, length)]
    crypt, skip = pattern
    if skip == 0:
        return [(start, length & ~15)]
    places, at = [], 0
    while at < length:
        places.append((start + at, min(crypt * 16, length - at) & ~15))
        at += (crypt + skip) * 16
    return places


def run(cipher, mode, data, places):
    decryptor = Cipher(cipher, mode).decryptor()
    clear = decryptor.update(b"".join(bytes(data[at : at + length]) for at, length in places)) + decryptor.finalize()
    for at, length in places:
        data[at : at + length], clear = clear[:length], clear[length:]


def decrypt(cipher, scheme, pattern, iv, subsamples, data):
    block = iv.ljust(16, b"\0")
    ranges, at = [], 0
    for clear, protected in subsamples:
        ranges.append(encrypted_places(at + clear, protected, pattern, scheme == "cenc"))
        at += clear + protected
    if scheme == "cbcs":
        for places in ranges:
            run(cipher, modes.CBC(block), data, places)
        return
    places = [place for places in ranges for place in places]
    run(cipher, modes.CBC(block) if scheme == "cbc1" else modes.CTR(block), data, places)


def layout(seed, size):
    """Subsamples of all lengths from 0 on, unaligned, that add up to the size."""
    subsamples, number = [], 0
    while size:
        value = int.from_bytes(stream(seed, f"layout {number}", 8), "big")
        clear = min(size, value % 150)
        protected = min(size - clear, (value >> 16) % (1 << (value >> 40) % 18))
        subsamples.append((clear, protected))
        size -= clear + protected
        number += 1
    return subsamples


def main():
    samples = []
    for cipher in CIPHERS:
        for scheme, patterns in {
            "cenc": [(0, 0)],
            "cens": [(0, 0), (1, 9), (5, 5), (7, 1)],
            "cbc1": [(0, 0)],
            "cbcs": [(0, 0), (1, 0), (1, 9), (5, 5), (10, 0), (2, 3), (1, 1), (33, 40)],
        }.items():
            for pattern in patterns:
                for size in [0, 15, 400, 4099, 16384, 262147, 1 << 20]:
                    for split in [False, True]:
                        name = f"{cipher} {scheme} {pattern[0]}:{pattern[1]} {size} {'split' if split else 'whole'}"
                        subsamples = layout(name, size) if split else None
                        iv = stream(name, "iv", 8 if stream(name, "short", 1)[0] & 1 else 16)
                        key = stream(name, "key", 16)
                        data = bytearray(stream(name, "data", size))
                        decrypt(CIPHERS[cipher](key), scheme, pattern, iv, subsamples or [(0, size)], data)
                        samples.append(
                            {
                                "name": name,
                                "cipher": cipher,
                                "scheme": scheme,
                                "pattern": pattern,
                                "key": key.hex(),
                                "iv": iv.hex(),
                                "size": size,
                                "subsamples": subsamples,
                                "clear_sha256": hashlib.sha256(data).hexdigest(),
                            }
                        )
    target = pathlib.Path(__file__).with_name("openssl_samples.json")
    target.write_text("[\n" + ",\n".join(json.dumps(sample) for sample in samples) + "\n]\n")


if __name__ == "__main__":
    main()
