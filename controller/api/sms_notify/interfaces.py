"""The three interfaces of SMS Notify!: their addresses, namespaces and endpoints, as their vendor's."""

from __future__ import annotations

from controller.api.bindings.declaration import Interface, operations_of
from controller.api.bindings.soap import SOAP11, SOAP12
from controller.api.bindings.wcf_wsdl import Endpoint, WcfInterface
from controller.api.sms_notify.keywords import KeywordOperations
from controller.api.sms_notify.media import MediaOperations
from controller.api.sms_notify.messaging import MessagingOperations
from controller.api.sms_notify.postback_settings import PostbackSettingOperations
from controller.api.sms_notify.sms import CONTRACT, SmsOperations
from controller.api.sms_notify.sms_models import NAMESPACE
from controller.api.sms_notify.version1 import NAMESPACE as VERSION1_NAMESPACE
from controller.api.sms_notify.version1 import Version1Operations


def sms_interface(operations: SmsOperations) -> WcfInterface:
    """sms.svc, the second version."""
    return WcfInterface(
        path="/sms.svc",
        namespace=NAMESPACE,
        service="sms",
        operations=operations_of(operations),
        description="SMS Notify!: send texts, learn what became of them, and read what came in.",
        contract=CONTRACT,
        service_namespace="https://sms2.cdyne.com",
        endpoints=(
            Endpoint("Soap", "sms2SOAPbasicHttpBinding", SOAP11),
            Endpoint("SecureSoap", "sms2SOAPbasicHttpsBinding", SOAP11),
            Endpoint("WS", "sms2wsHttpBinding", SOAP12, addressing=True),
        ),
    )


def messaging_interface(
    messaging: MessagingOperations,
    keywords: KeywordOperations,
    settings: PostbackSettingOperations,
    media: MediaOperations,
) -> WcfInterface:
    """Messaging.svc, the superset of sms.svc."""
    return WcfInterface(
        path="/Messaging.svc",
        namespace=NAMESPACE,
        service="Messaging",
        operations=operations_of(messaging, keywords, settings, media),
        description="Everything of sms.svc, and messages with media, settings of post-backs, and opt-outs.",
        contract="IMessaging",
        service_namespace="https://messaging.cdyne.com",
        endpoints=(
            Endpoint("Soap", "mms2SOAPbasicHttpBinding", SOAP11),
            Endpoint("SecureSoap", "mms2SOAPbasicHttpsBinding", SOAP11),
            Endpoint("WS", "mms2wsHttpBinding", SOAP12, addressing=True),
            Endpoint("WS", "mms2wsHttpBindingSecure", SOAP12, addressing=True),
        ),
    )


def version1_interface(operations: Version1Operations) -> Interface:
    """SMS.asmx, the first version."""
    return Interface(
        path="/SmsWS/SMS.asmx",
        namespace=VERSION1_NAMESPACE,
        service="SMS",
        operations=operations_of(operations),
        description="The first version of SMS Notify!; sms.svc is the second.",
    )
