"""The JSON documents of the Dialer, with the names and the order of its vendor's."""

from __future__ import annotations

from controller.api.bindings.model import element, structure
from controller.api.bindings.types import Long

SERVICE = "PhoneMatch5.0.Dialer"
INSTRUCTIONS = "Submit the template to the url to learn what became of the message."


@structure("Outofband", "")
class MessageOptions:
    """Which message is sent, and to which types of lines it is not."""

    message: str | None = element("message", default=None)
    suppressed_types: tuple[str, ...] | None = element("do_not_send_to_types", default=None)


@structure("Options", "")
class Options:
    """What is asked for beside the number."""

    out_of_band: MessageOptions | None = element("outofband", default=None)


@structure("Target", "")
class Target:
    """Whom to call."""

    phone: str | None = element("phone", default=None)


@structure("", "")
class SendRequest:
    """The initial request: send a message to a number."""

    user: str | None = element("user", default=None)
    password: str | None = element("pass", default=None)
    service: str | None = element("service", default=None)
    reference: str | None = element("reference", default=None)
    target: Target | None = element("target", default=None)
    options: Options | None = element("options", default=None)


@structure("", "")
class StatusRequest:
    """The status request: the template of an earlier answer. Its token is the only credential."""

    token: str | None = element("token", default=None)


@structure("Nothing", "")
class Nothing:
    """An empty object."""


@structure("Output", "")
class Output:
    """What else came of it: nothing, with this service."""

    out_of_band: Nothing = element("outofband")


@structure("Meta", "")
class Meta:
    """Which request this is the answer to. timestamp: UTC, `YYYY-MM-DD HH:MM:SS`."""

    confirmation: Long = element("confirmation")
    reference: str = element("reference")
    service: str = element("service")
    timestamp: str = element("timestamp")
    company: str = element("company")
    user: str = element("user")


@structure("Result", "")
class Result:
    """What became of it: PASS, FAIL or PENDING, and why."""

    action: str = element("action")
    detail: str = element("detail")
    issues: tuple[str, ...] = element("issues", default=())


@structure("Dialer", "")
class DialerTemplate:
    """What the template asks for."""

    answer: str = element("return", default="status")


@structure("Template", "")
class Template:
    """What is to be submitted to learn more."""

    dialer: DialerTemplate = element("dialer")
    token: str = element("token")


@structure("Continuation", "")
class Continuation:
    """Where the template is to be submitted."""

    url: str = element("url")
    template: Template = element("template")
    instructions: str = element("instructions", default=INSTRUCTIONS)


@structure("Continuations", "")
class Continuations:
    """How to go on."""

    out_of_band: Continuation = element("outofband")


@structure("", "")
class Answer:
    """The answer to both requests. It says how to go on only while there is more to learn."""

    output: Output = element("output", default=Output(out_of_band=Nothing()))
    meta: Meta = element("meta")
    result: Result = element("result")
    continuations: Continuations | None = element("continuations", default=None, omit_null=True)


@structure("Error", "")
class ErrorInMeta:
    """What is wrong, for programs that look for it in `meta`."""

    code: int = element("code")
    message: str = element("message")


@structure("ErrorMeta", "")
class ErrorMeta:
    """The `meta` of a request that was refused."""

    error: ErrorInMeta = element("error")


@structure("Error", "")
class Error:
    """What is wrong, for programs that look for it at the top."""

    code: int = element("code")
    message: str = element("message")
    detail: str = element("detail")


@structure("", "")
class Refusal:
    """The answer to a request that was refused: programs look for the error in either place."""

    error: Error = element("error")
    meta: ErrorMeta = element("meta")
