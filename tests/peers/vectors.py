"""Checks the test vectors in docs/sealed.md or docs/signed.md with the package cryptography."""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ALGORITHMS = {"hmac": 1, "ed25519": 2, "aes-gcm": 3, "chacha20": 4}
CIPHERS = {"aes-gcm": (AESGCM, b""), "chacha20": (ChaCha20Poly1305, b"chacha20 ")}

with open(sys.argv[1], encoding="utf-8") as page:
    vectors = json.loads(re.search(r"```json\n(.*?)```", page.read(), re.S)[1])

for vector in vectors:
    kind, text = vector["key"].split(":")
    key = base64.urlsafe_b64decode(text)
    instance, recipient, payload, datagram = (
        bytes.fromhex(vector[name]) for name in ("instance", "recipient", "payload", "datagram")
    )
    direction, counter = vector["direction"], vector["counter"]
    domain = f"sockdock key fingerprint 1\0{kind}\0".encode() if kind != "ed25519" else b""
    key_id = hashlib.sha256(domain + key).digest()[:8]
    stamp = bytes([1, ALGORITHMS[kind], direction]) + key_id + instance
    stamp += struct.pack(">QQ", counter, vector["timeMs"])
    assert datagram[:43] == stamp, vector
    signed = b"sockdock signed 1\0" + stamp + recipient + payload
    if kind in CIPHERS:
        cipher, mark = CIPHERS[kind]
        info = b"sockdock sealed " + mark + b"1\0" + bytes([direction])
        subkey = HKDF(hashes.SHA256(), 32, instance, info).derive(key)
        nonce = struct.pack(">IQ", 0, counter)
        assert cipher(subkey).decrypt(nonce, datagram[43:], stamp + recipient) == payload
    elif kind == "hmac":
        assert datagram[43:] == payload + hmac.digest(key, signed, "sha256"), vector
    else:
        assert datagram[43:-64] == payload
        Ed25519PublicKey.from_public_bytes(key).verify(datagram[-64:], signed)
print(len(vectors), "vectors are right")
