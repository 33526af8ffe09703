"""Everything that the service answers over HTTP: each interface is handed the parts that it needs."""

from __future__ import annotations

from controller.api.admin import AdminHandler
from controller.api.admin_calls import CallsAdminHandler
from controller.api.admin_trunks import TrunksAdminHandler
from controller.api.console.parts import ConsoleParts
from controller.api.health import HealthHandler
from controller.api.media import MediaHandler
from controller.script.analysis.checker import Context
from controller.service.build_console import add_console
from controller.service.build_dialer import DialerParts, dialer_routes
from controller.service.build_interfaces import InterfaceParts, customer_routes
from controller.service.build_json_api import JsonApiParts, json_api
from controller.service.build_phone_notify import PhoneNotifyParts, phone_notify_routes
from controller.service.build_voicemail import mail_server
from controller.service.build_voipms import VoipmsParts, voipms_routes
from controller.service.parts import Service


def add_routes(service: Service, admin_token: str, context: Context) -> None:
    """Add everything that the service answers over HTTP. context: what scripts are checked against."""

    async def ari_ready() -> bool:
        if not service.ari.connected:
            return False
        await service.ari.asterisk.ping()
        return True

    async def media_ready() -> bool:
        return await service.calls.playback_health.is_ready() and await service.prompts.is_ready()

    async def ami_ready() -> bool:
        return service.ami.ready

    checks = {
        "ari": ari_ready,
        "ami": ami_ready,
        "database": service.database.ready,
        "media": media_ready,
    }
    calls = service.calls
    health = HealthHandler(checks, service.registry)
    service.http.add_routes(health.routes())
    service.http.add_routes(MediaHandler(service.prompts.directory).routes())
    service.http.add_routes(AdminHandler(admin_token, calls.feed, service.reloading.apply).routes())
    parts = InterfaceParts(
        service.settings.http,
        service.database,
        service.directory,
        service.guard,
        service.texts.texts,
        service.postback_urls,
    )
    service.http.add_routes(customer_routes(parts))
    service.http.add_routes(
        phone_notify_routes(
            PhoneNotifyParts(
                service.database,
                service.directory,
                service.key_sounds,
                calls.notifications,
                service.granted_dids,
                calls.administration,
                service.settings.http,
                parts.guesses,
                prices=service.metering.prices,
            )
        )
    )
    service.http.add_routes(
        dialer_routes(
            DialerParts(
                service.database,
                service.directory,
                service.key_sounds,
                calls.notifications,
                calls.queue_ids,
                service.line_types.types,
                service.settings.http,
                parts.guesses,
            )
        )
    )
    service.http.add_routes(
        voipms_routes(
            VoipmsParts(
                service.database,
                service.directory,
                service.granted_dids,
                service.entries,
                service.key_sounds,
                service.texts.texts,
                service.texts.phones,
                service.metering.accounts,
                service.settings.http,
                parts.guesses,
                mail=mail_server(service.settings.mail),
            )
        )
    )
    service.http.add_routes(
        CallsAdminHandler(admin_token, service.directory, calls.notifications, calls.administration).routes()
    )
    console = add_console(
        service.http,
        ConsoleParts(
            service.settings.http,
            service.database,
            service.directory,
            calls.feed,
            calls.administration,
            service.texts.texts,
            service.granted_dids,
            service.entries,
            service.key_sounds,
            health.parts,
            context,
            calls.notifications,
            service.postback_urls,
            service.metering.prices,
            calls.trunk_health.rests,
            service.phones,
            calls.live.queue_id_on,
            [service.settings.state_dir, service.prompts.directory],
            service.stored_keys,
            calls.sip.of_call,
        ),
    )
    own = JsonApiParts(
        service.database,
        console.reads,
        service.directory,
        calls.notifications,
        calls.administration,
        service.texts.texts,
        service.metering.prices,
        service.granted_dids,
        service.entries,
        service.key_sounds,
        service.postback_urls,
        console.audit,
        console.operations,
        service.settings.http,
        parts.guesses,
    )
    service.http.add_routes(json_api(own).routes())
    service.http.add_routes(
        TrunksAdminHandler(
            admin_token, service.directory, calls.trunk_health, service.texts.phones, calls.limits.in_use
        ).routes()
    )
