"""The guide's first example of encryption: seals its words, or opens a token, with the key in a file.

`token.py seal KEYFILE WORD...`, `token.py open KEYFILE TOKEN`. A Fernet key stands alone on its line; an
AES-GCM key is `aes-gcm:KEY`, and its tokens are those of docs/sealed.md.
"""

import os
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


class AesGcmTokens:
    def __init__(self, secret):
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sockdock token 1")
        self.cipher = AESGCM(derived.derive(secret))

    def encrypt(self, message):
        nonce = os.urandom(NONCE_BYTES)
        return urlsafe_b64encode(b"\x01" + nonce + self.cipher.encrypt(nonce, message, None))

    def decrypt(self, token):
        raw = urlsafe_b64decode(token)
        return self.cipher.decrypt(raw[1 : 1 + NONCE_BYTES], raw[1 + NONCE_BYTES :], None)


task, path, *words = sys.argv[1:]
with open(path, encoding="ascii") as file:
    kind, _, key = file.read().strip().rpartition(":")
tokens = AesGcmTokens(urlsafe_b64decode(key)) if kind == "aes-gcm" else Fernet(key)
text = " ".join(words).encode()
print((tokens.encrypt(text) if task == "seal" else tokens.decrypt(text)).decode())
