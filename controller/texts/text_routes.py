"""Which way a text goes: to a phone that registers here, or through a trunk."""

from __future__ import annotations

from controller.asterisk.browser_phones import BrowserPhones
from controller.directory.routes import as_trunk_writes
from controller.directory.snapshot import Did, Snapshot

PHONE = "phone:"
TRUNK = "trunk:"
SIP = "sip:"
"""How a phone without a number is named as a sender or recipient."""


class TextRoutes:
    """The routes that a snapshot has, and those to telephones in browsers."""

    def __init__(self, snapshot: Snapshot, browsers: BrowserPhones | None = None) -> None:
        self._snapshot = snapshot
        self._browsers = browsers

    def route_to(self, recipient: str, did: Did) -> str | None:
        """ "phone:NAME" or "trunk:NAME" for a text from `did` to a number (E.164) or a phone ("sip:NAME").

        None when nothing leads there, or when the key's destinations do not have it open.
        """
        if recipient.startswith(SIP):
            name = recipient.removeprefix(SIP)
            phone = self._snapshot.phone_of(did.sms.name if did.sms else "", name)
            return PHONE + name if phone else None
        if phone := self._snapshot.phone_by_number(recipient):
            return PHONE + phone.name
        if did.sms and self._browsers and (browser := self._browsers.showing(recipient, did.sms.name)):
            # Its texts come from a number of its own key, to which a carrier would only bring the answer back.
            return PHONE + browser.name
        if did.sms is None or self._snapshot.destinations(did.sms.name).refusal(recipient):
            return None
        trunk = self._snapshot.trunks.get(did.sms_trunk) if did.sms_trunk else self._snapshot.trunk_for(recipient)
        return TRUNK + trunk.name if trunk else None

    def exists(self, route: str) -> bool:
        """Whether the phone or trunk is still there."""
        kind, _, name = route.partition(":")
        if kind == "phone":
            return name in self._snapshot.phones or bool(self._browsers and self._browsers.get(name))
        return name in self._snapshot.trunks

    def target(self, route: str, recipient: str) -> str:
        """Where Asterisk sends a text of this route, in its own words."""
        kind, _, name = route.partition(":")
        if kind == "phone":
            return f"pjsip:{name}"
        trunk = self._snapshot.trunks[name]
        transport = ";transport=tcp" if trunk.transport == "tcp" else ""
        return f"pjsip:{name}/sip:{as_trunk_writes(recipient, trunk)}@{_host(trunk.host)}:{trunk.port}{transport}"

    def shown_sender(self, route: str, sender: str) -> str:
        """The sender's number as who gets the text wants it."""
        kind, _, name = route.partition(":")
        trunk = self._snapshot.trunks.get(name) if kind == "trunk" else None
        return as_trunk_writes(sender, trunk) if trunk else sender


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
