"""The types of what people write in a receiver's options, beside those of `probes.fields`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from yarl import URL

from probes.fields import Refused, Secret, SecretText

NOT_LOOKED_UP = "***"
"""What stands for a reference when no secrets are at hand, as in a schema-only check."""


def _check_url(value: Secret) -> Secret:
    text = value.reveal()
    if NOT_LOOKED_UP in text:
        return value
    try:
        url = URL(text)
        usable = url.scheme in {"http", "https"} and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        # The value is not repeated: it often is the secret itself.
        raise Refused(
            "this is not an http or https URL", mend="write one like https://hooks.example/page"
        )
    return value


Url = Annotated[SecretText, AfterValidator(_check_url)]
"""Where to send, http or https.  A `Secret`, since many such URLs are a credential."""


def _check_routing_key(value: Secret) -> Secret:
    text = value.reveal()
    if text == NOT_LOOKED_UP:
        return value
    if len(text) != 32 or not text.isascii() or not text.isalnum():
        raise Refused(
            f"a routing key is 32 letters and digits, this has {len(text)} characters",
            mend="copy the integration key of an Events API v2 integration",
        )
    return value


RoutingKey = Annotated[
    SecretText,
    AfterValidator(_check_routing_key),
    WithJsonSchema({"type": "string", "writeOnly": True}),
]
"""A PagerDuty integration key of Events API v2."""


def signing_key(secret: Secret) -> bytes:
    """
    The key in a Standard Webhooks secret: ``whsec_`` and base64.

    Raises:
        Refused: Another prefix, not base64, or not 24 to 64 bytes.
    """
    prefix, _, encoded = secret.reveal().partition("_")
    mend = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
    if prefix != "whsec":
        raise Refused("a signing secret begins with whsec_", mend=mend)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refused("what follows whsec_ is not base64", mend=mend) from None
    if not 24 <= len(key) <= 64:
        raise Refused(f"the signing key has {len(key)} bytes, not 24 to 64", mend=mend)
    return key


def _check_signing(value: Secret) -> Secret:
    if value.reveal() != NOT_LOOKED_UP:
        signing_key(value)
    return value


SigningSecret = Annotated[
    SecretText,
    AfterValidator(_check_signing),
    WithJsonSchema({"type": "string", "writeOnly": True}),
]
"""A Standard Webhooks secret."""

_OURS = frozenset({"content-type", "content-length", "host", "transfer-encoding"})
_TOKEN = frozenset("!#$%&'*+-.^_`|~")


def _check_headers(headers: Mapping[str, Secret]) -> Mapping[str, Secret]:
    for name, value in headers.items():
        if not name or not all(c in _TOKEN or (c.isascii() and c.isalnum()) for c in name):
            raise Refused(f"{name!r} is not a header's name", at=(name,))
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise Refused(f"{name} is set by the receiver itself", mend="leave it out", at=(name,))
        if any(not c.isprintable() for c in value.reveal()):
            raise Refused("a header's value is one line without control characters", at=(name,))
    return headers


Headers = Annotated[Mapping[str, SecretText], AfterValidator(_check_headers)]
"""Headers to send as well, for a gateway that wants a token."""


def _check_key(value: Secret) -> Secret:
    if any(not character.isprintable() or character.isspace() for character in value.reveal()):
        raise Refused("a key is one word without spaces", mend="copy it again, without line breaks")
    return value


Key = Annotated[SecretText, AfterValidator(_check_key)]
"""A key or token that goes into a header."""
