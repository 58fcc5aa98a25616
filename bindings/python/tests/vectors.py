# SPDX-License-Identifier: Apache-2.0
"""Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC); and W3C's Clear Key messages around their key."""

import json

KEY_ID = bytes.fromhex("00112233445566778899aabbccddeeff")
OTHER_ID = bytes.fromhex("ffeeddccbbaa99887766554433221100")
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
CLEAR = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
CTR_IV = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
CTR_DATA = bytes.fromhex(
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
)
CBC_IV = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
CBC_DATA = bytes.fromhex(
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
)


def jwk_set(kind: str = "temporary") -> bytes:
    """The license, as W3C EME section 9.1.4 has it."""
    return json.dumps(
        {"keys": [{"kty": "oct", "kid": "ABEiM0RVZneImaq7zN3u_w", "k": "K34VFiiu0qar9xWICc9PPA"}], "type": kind}
    ).encode()


def pssh(*key_ids: bytes) -> bytes:
    """A version 1 pssh box of the common system id (ISO/IEC 23001-7, 8.1)."""
    body = bytes.fromhex("0100000010 77efecc0b24d02ace33c1e52e2fb4b") + len(key_ids).to_bytes(4, "big")
    body += b"".join(key_ids) + bytes(4)
    return (8 + len(body)).to_bytes(4, "big") + b"pssh" + body
