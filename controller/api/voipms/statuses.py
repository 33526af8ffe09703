"""What people are told with each status of the vendor's table. Where there is nothing to add, the name says it."""

from __future__ import annotations

MESSAGES = {
    "api_limit_exceeded": "There were more requests in the last minute than this account may make; wait a little.",
    "api_not_enabled": "The API is switched off for this account.",
    "invalid_credentials": "The api_username or the api_password is wrong.",
    "invalid_date_from": "The first date lies after the last one.",
    "invalid_daterange": "From the first to the last date there may be 92 days at most.",
    "invalid_language": "The language is none of en, es and fr.",
    "invalid_method": "There is no method of this name.",
    "invalid_routing_header": "A routing is written as header:record, such as fwd:20222, sys:hangup or none:.",
    "ip_not_enabled": "The address that this request came from is not among those that may use the API.",
    "limit_reached": "The account has sent as many messages in 24 hours as it may through the API.",
    "message_empty": "The message has no text.",
    "missing_credentials": "The api_username or the api_password is missing.",
    "missing_method": "The parameter `method` is missing.",
    "no_base64file": "The file is no base64.",
    "no_callstatus": "At least one of answered, noanswer, busy and failed has to be 1.",
    "sms_toolong": "The message is longer than 160 characters; sendMMS takes longer ones.",
    "sms_wait_message": "The texts of this number were switched on and off too often; wait a minute.",
    "account_with_dids": "A number is routed to this sub-account.",
    "invalid_internalvoicemail": "This account has no such mailbox.",
    "invalid_ip_auth": "Phones log in with a password here: an ip is not taken.",
    "invalid_password_ilegal_characters": "A password has letters, digits and !#$%&/()=?*[]_:.,{}+- only.",
    "invalid_password_lessthan_8characters_long": "A password has 8 characters at least.",
    "invalid_password_missing_lowercase": "A password has a small letter at least.",
    "invalid_password_missing_number": "A password has a digit at least.",
    "invalid_password_missing_uppercase": "A password has a capital letter at least.",
    "used_filter": "Another filter is about the same callers of the same number already.",
    "used_extension": "Another sub-account has this extension.",
    "used_username": "There is a sub-account of this name already.",
    "used_name": "Another entry has this name already.",
}


def message_of(status: str) -> str:
    """The sentence for a status, made from its name where there is none of its own."""
    if status in MESSAGES:
        return MESSAGES[status]
    kind, _, what = status.lower().partition("_")
    thing = what.replace("_", " ")
    if kind == "missing":
        return f"The parameter `{what}` is missing."
    if kind == "invalid":
        return f"This is not a valid {thing}."
    if kind == "no":
        return f"There is no {thing}."
    if kind == "used":
        return f"This {thing} is used already."
    return f"The request was refused: {status}."
