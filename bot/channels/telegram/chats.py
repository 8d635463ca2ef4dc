"""What is kept of a chat id: a keyed hash to know the chat again, and a ciphertext to answer to.

Both keys come from one secret that does not stand in the database: a stolen database alone names no chat, and the hash
cannot be found by trying all ids.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_ID_BYTES = 8


class NoChat(Exception):
    """What was kept does not lead to a chat: the secret is another one now."""


class Chats:
    """Hashes, seals and opens chat ids."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(_derived(secret, "reply to"))

    def key(self, chat: int) -> str:
        """The key of the conversation in a chat: HMAC-SHA-256, 64 hexadecimal digits."""
        return hmac.new(self._secret, str(chat).encode(), hashlib.sha256).hexdigest()

    def seal(self, chat: int) -> str:
        """The chat id encrypted (AES-256-GCM), 48 characters; never twice the same."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        told = self._cipher.encrypt(nonce, chat.to_bytes(_ID_BYTES, "big", signed=True), None)
        return urlsafe_b64encode(nonce + told).decode()

    def open(self, sealed: str) -> int:
        """The chat id of what `seal` gave. Raises `NoChat`."""
        try:
            raw = urlsafe_b64decode(sealed.encode())
            return int.from_bytes(self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None), "big", signed=True)
        except (InvalidTag, ValueError) as error:
            raise NoChat from error


def webhook_secret(secret: bytes) -> str:
    """The secret token of the webhook where none was set."""
    return _derived(secret, "webhook").hex()


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, f"lotse telegram {purpose}".encode(), hashlib.sha256).digest()
