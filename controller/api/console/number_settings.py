"""What is set about one number besides its routing: where its post-backs go, and what becomes of its texts.

What the VoIP.ms and SMS Notify! interfaces set and refuse is set and refused here alike.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiohttp import web

from controller.api.bindings.refusal import Refused
from controller.api.console.languages import mark
from controller.api.console.parts import ConsoleParts
from controller.api.console.visit import Door, Form, Visit, see_other
from controller.api.voipms.did_checks import sms_settings
from controller.api.voipms.did_models import SetSms
from controller.api.voipms.statuses import message_of
from controller.api.voipms.values import did_of
from controller.directory.postback_urls import PostbackKind, PostbackSetting
from controller.directory.snapshot import Did, LicenseKey
from controller.egress.urls import customer_url, masked_url
from controller.errors import UrlRefused

LONGEST_URL = 2000
_SWITCHED = ("email", "sms_forward", "url_callback", "webhook")
_TARGETS = {"email": "email_address"}


class NumberSettings:
    """The page of one number of a licence key, and the one of what holds for all of them."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._dids = parts.dids
        self._urls = parts.postback_urls

    def doors(self) -> list[Door]:
        """The doors of these pages."""
        return [
            Door("GET", "/numbers/settings", self._show),
            Door("POST", "/numbers/call-postbacks", self._set_call_url),
            Door("POST", "/numbers/text-postbacks", self._set_text_urls),
            Door("POST", "/numbers/texts", self._set_texts),
        ]

    async def _show(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit, visit.query("did"))

    async def _page(self, visit: Visit, number: str, *, status: int = 200, **said: str) -> web.StreamResponse:
        key = visit.key
        did = _did(visit, number) if number else None
        has_texts = did is None or (did.sms is not None and did.sms.name == key.name)
        values = {
            "key": key,
            "did": did,
            "has_calls": did is not None and did.voice is not None and did.voice.name == key.name,
            "has_texts": has_texts,
            "kinds": [(kind.value, _setting(self._urls.settings(key, number), kind)) for kind in PostbackKind],
            "stated": did.status_post_url if did is not None else key.status_post_url,
            **said,
        }
        return visit.page("number_settings.html.j2", values, status=status)

    async def _set_call_url(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        did, url = _did(visit, form.get("did")), form.get("url").strip()
        if did.voice is None or did.voice.name != key.name or did.status_post_url:
            return await self._page(
                visit, did.number, status=422, said=visit.say("The configuration says where these go.")
            )
        if refusal := _url_refusal(url):
            return await self._page(visit, did.number, status=422, said=visit.say(refusal))
        before = masked_url(did.settings.call_post_url)
        await visit.changes("set a URL for post-backs of calls", did.number, before, masked_url(url), key=key.name)
        await self._dids.set_settings(did.number, key.name, {"call_post_url": url})
        return _shown(visit, did.number)

    async def _set_text_urls(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        did = _did(visit, form.get("did")) if form.get("did") else None
        number = "" if did is None else did.number
        stated = key.status_post_url if did is None else did.status_post_url
        if stated or (did is not None and (did.sms is None or did.sms.name != key.name)):
            return await self._page(visit, number, status=422, said=visit.say("The configuration says where these go."))
        wanted = {kind: (form.get(f"{kind}_url").strip(), form.get(f"{kind}_on") == "1") for kind in PostbackKind}
        for url, _ in wanted.values():
            if refusal := _url_refusal(url):
                return await self._page(visit, number, status=422, said=visit.say(refusal))
        for kind, (url, enabled) in wanted.items():
            before = _setting(self._urls.settings(key, number), kind)
            if (before.url, before.enabled) != (url, enabled):
                subject = f"{number or key.shown_name}, {kind}"
                told = (_told(before.url, before.enabled), _told(url, enabled))
                await visit.changes("set a URL for post-backs of texts", subject, *told, key=key.name)
                await self._urls.store(key, number, kind, enabled=enabled, url=url)
        return _shown(visit, number)

    async def _set_texts(self, visit: Visit) -> web.StreamResponse:
        form, key = await visit.form(), visit.key
        did = _did(visit, form.get("did"))
        if did.sms is None or did.sms.name != key.name:
            return await self._page(
                visit, did.number, status=422, said=visit.say("The texts of this number are not this key's.")
            )
        try:
            settings = sms_settings(_asked(form), did.settings)
        except Refused as error:
            said = error.explanation or message_of(error.status)
            return await self._page(visit, did.number, status=422, said=said)
        before = json.dumps({name: getattr(did.settings, name) for name in settings})
        await visit.changes("set what becomes of texts", did.number, before, json.dumps(settings), key=key.name)
        await self._dids.set_settings(did.number, key.name, settings)
        return _shown(visit, did.number)


def own_urls(visit: Visit, key: LicenseKey, set_for_texts: Sequence[str]) -> list[str]:
    """The URLs that post-backs of a key go to, by the YAML or by what was set. set_for_texts: those of texts."""
    urls = [key.status_post_url or ""]
    for did in visit.snapshot.dids.values():
        if any(each is not None and each.name == key.name for each in (did.voice, did.sms)):
            urls += [did.status_post_url or "", did.settings.call_post_url]
    return list(dict.fromkeys(url for url in (*urls, *set_for_texts) if url))


def _asked(form: Form) -> SetSms:
    """The form as the operation that programs set the same with."""
    given: dict[str, str] = {f"{name}_enabled": form.get(f"{name}_on") or "0" for name in _SWITCHED}
    given |= {_TARGETS.get(name, name): form.get(name) for name in _SWITCHED}
    return SetSms(enable=form.get("enable") or "0", url_callback_retry=form.get("retry_on") or "0", **given)


def _did(visit: Visit, number: str) -> Did:
    """A number of the key. HTTPNotFound."""
    try:
        return did_of(visit.snapshot, visit.key, number)
    except Refused:
        raise web.HTTPNotFound(text=mark("There is no such number.")) from None


def _setting(settings: tuple[PostbackSetting, ...], kind: PostbackKind) -> PostbackSetting:
    return next((each for each in settings if each.kind is kind), PostbackSetting(kind))


def _url_refusal(url: str) -> str:
    if not url:
        return ""
    if len(url) > LONGEST_URL:
        return mark("A URL has at most 2000 characters.")
    try:
        customer_url(url)
    except UrlRefused as error:
        return str(error)
    return ""


def _told(url: str, enabled: bool) -> str:
    return masked_url(url) if enabled else f"off {masked_url(url)}".strip()


def _shown(visit: Visit, number: str) -> web.Response:
    query = visit.key_query
    did = f"{'&' if query else '?'}did={number.replace('+', '%2B')}" if number else ""
    return see_other(f"/numbers/settings{query}{did}")
