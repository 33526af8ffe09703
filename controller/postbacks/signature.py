"""Signatures by Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from controller.errors import ConfigurationError

Secrets = Sequence[str]
"""`whsec_…` values: the one in use first; during a rotation the old one after it."""


@lru_cache(maxsize=1024)
def signer(secret: str) -> Webhook:
    """The signer of a secret (`whsec_` and base64). ConfigurationError for a text that is not one."""
    try:
        return Webhook(secret)
    except (EmptyWebhookSecretError, binascii.Error, ValueError):
        raise ConfigurationError("a webhook secret is `whsec_` followed by base64") from None


def sign(postback_id: str, at: datetime, body: str, secrets: Secrets) -> dict[str, str]:
    """The three headers; with two secrets both signatures, so that a receiver may know either. No secret: no signature.

    `at`: an aware time, the attempt's.
    """
    headers = {"webhook-id": postback_id, "webhook-timestamp": str(int(at.timestamp()))}
    if secrets:
        headers["webhook-signature"] = " ".join(signer(secret).sign(postback_id, at, body) for secret in secrets)
    return headers


def verify(body: str, headers: Mapping[str, str], secrets: Secrets) -> str:
    """What a receiver makes of a signature: "valid", "missing", "unchecked", or what is wrong with it."""
    if not any(name.lower() == "webhook-signature" for name in headers):
        return "missing"
    if not secrets:
        return "unchecked"
    problem = ""
    for secret in secrets:
        try:
            signer(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            problem = str(error)
        else:
            return "valid"
    return f"invalid: {problem}"
