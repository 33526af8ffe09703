"""Telephones in browsers: accounts in Asterisk that are made when a browser connects, and are gone with it.

An account is an endpoint, its password and its address of record in Asterisk's memory (sorcery.conf), made over ARI.
The browser speaks SIP over a WebSocket (RFC 7118), its audio is encrypted (DTLS-SRTP, RFC 5764) over ICE (RFC 8445).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog

from controller.asterisk.ari.client import AriClient
from controller.asterisk.configuration import BROWSER_CONTEXT, BROWSER_PREFIX, BROWSER_TEXT_CONTEXT
from controller.errors import AsteriskError, AsteriskNotFound

log = structlog.get_logger()

NAME = re.compile(rf"{BROWSER_PREFIX}[0-9a-f]{{16}}")
MOST_PHONES = 200
SIP_CLASS = "res_pjsip"
# An endpoint names the two others: it is made last, and removed first.
_KINDS = ("auth", "aor", "endpoint")


@dataclass(frozen=True, slots=True)
class BrowserPhone:
    """One account. number: what its calls show (E.164). owner: the licence key whose numbers it may call and text."""

    name: str
    password: str = field(repr=False)
    number: str
    owner: str


class TooManyPhones(AsteriskError):
    """As many browsers are telephones as there may be at one time."""

    error_id = "too-many-browser-phones"


class BrowserPhones:
    """The accounts of the browsers that are connected to this controller.

    socket_url: Asterisk's WebSocket for SIP; empty where it has none, and no browser is a telephone.
    external_address: the IP address at which browsers reach Asterisk's RTP ports behind NAT; empty without one.
    """

    def __init__(
        self, ari: AriClient, socket_url: str, *, rtp_timeout_seconds: int = 1800, external_address: str = ""
    ) -> None:
        self._ari = ari
        self.external_address = external_address
        self.socket_url = socket_url
        self._rtp_timeout_seconds = rtp_timeout_seconds
        self._phones: dict[str, BrowserPhone] = {}

    def get(self, name: str) -> BrowserPhone | None:
        """The account of this name whose browser is connected here."""
        return self._phones.get(name)

    def showing(self, number: str, owner: str) -> BrowserPhone | None:
        """The account of a licence key that shows this number (E.164), of several the one that connected last."""
        found = [each for each in self._phones.values() if (each.number, each.owner) == (number, owner)]
        return found[-1] if found else None

    @asynccontextmanager
    async def connected(self, phone: BrowserPhone) -> AsyncIterator[None]:
        """Have Asterisk know the account as long as the context lasts; its calls end with it.

        TooManyPhones; AsteriskError where Asterisk does not take it, for example since it is not configured from here.
        """
        if phone.name in self._phones or len(self._phones) >= MOST_PHONES:
            raise TooManyPhones
        self._phones[phone.name] = phone
        try:
            for kind, fields in self._objects(phone).items():
                await self._ari.asterisk.put_object(SIP_CLASS, kind, phone.name, fields)
            yield
        finally:
            del self._phones[phone.name]
            try:
                await self._remove(phone.name)
            except AsteriskError as error:
                # The next connection to Asterisk removes what is left.
                log.info("the account of a browser is not removed yet", phone=phone.name, reason=str(error))

    async def channel_ids(self, name: str) -> tuple[str, ...]:
        """The channels of an account's calls. AsteriskError."""
        return (await self._ari.endpoints.get("PJSIP", name)).channel_ids

    async def sweep(self) -> None:
        """Remove the accounts that a controller which ended suddenly left in Asterisk. AsteriskError."""
        for endpoint in await self._ari.endpoints.list("PJSIP"):
            name = endpoint.resource
            if NAME.fullmatch(name) and name not in self._phones and await self._was_ours(name):
                log.info("a browser's account that was left is removed", phone=name)
                await self._remove(name)

    async def _was_ours(self, name: str) -> bool:
        """Whether a controller of this Stasis application made the account: others may share the Asterisk."""
        try:
            made = await self._ari.asterisk.get_object(SIP_CLASS, "endpoint", name)
        except AsteriskNotFound:
            return False
        return made.get("accountcode") == self._ari.application

    async def _remove(self, name: str) -> None:
        with suppress(AsteriskNotFound):
            for channel_id in await self.channel_ids(name):
                with suppress(AsteriskNotFound):
                    await self._ari.channels.get(channel_id).hangup()
        for kind in reversed(_KINDS):
            with suppress(AsteriskNotFound):
                await self._ari.asterisk.delete_object(SIP_CLASS, kind, name)

    def _objects(self, phone: BrowserPhone) -> Mapping[str, Mapping[str, str]]:
        """What Asterisk is told of an account, by the kind of object, in the order in which it is made."""
        name = phone.name
        endpoint = {
            "context": BROWSER_CONTEXT,
            "message_context": BROWSER_TEXT_CONTEXT,
            # Who a call or a text is from is then who knows the password.
            "identify_by": "username",
            "accountcode": self._ari.application,
            "auth": name,
            "aors": name,
            "callerid": f"<{phone.number}>",
            "set_var": f"RINGPOST_OWNER={b64encode(phone.owner.encode()).decode()}",
            "trust_id_inbound": "no",
            # DTLS with a certificate of its own each time, ICE, AVPF, one port for RTP and RTCP.
            "webrtc": "yes",
            "disallow": "all",
            "allow": "ulaw,alaw",
            "dtmf_mode": "rfc4733",
            "direct_media": "no",
            "rtp_symmetric": "yes",
            "force_rport": "yes",
            "rewrite_contact": "yes",
            "rtp_timeout": str(self._rtp_timeout_seconds),
            "rtp_timeout_hold": "1800",
            "tone_zone": "us",
            # ICE finds the addresses. Without this one, Asterisk looks its host name up at each call.
            "media_address": "127.0.0.1",
        }
        return {
            "auth": {"auth_type": "userpass", "username": name, "password": phone.password},
            "aor": {"max_contacts": "1", "remove_existing": "yes", "minimum_expiration": "30"},
            "endpoint": endpoint,
        }
