"""The texts of the response codes, as the vendor's GetResponseCodes gave them."""

from __future__ import annotations

from collections.abc import Mapping

from controller.calls.model.response_codes import ResponseCode

RESPONSE_TEXTS: Mapping[int, str] = dict(
    enumerate(
        (
            "Queued",
            "Call Answered",
            "Call Unanswered",
            "Invalid Phone Number",
            "Invalid CallerID",
            "Invalid VoiceID",
            "Invalid Number to Transfer To",
            "Invalid Digit for Transfer",
            "Busy",
            "Universal Error",
            "Demo allowance exceeded.",
            "Demo not allowed",
            "Dialing",
            "CallerID and PhoneNumber To Dial cannot match.",
            "Key Invalid.  IP Address has been suspended.",
            "Phone Number Abuse",
            "Scheduled Time is not a UTC date/time",
            "http://wiki.cdyne.com/index.php/SiteBan",
            "Ringing",
            "Trying",
            "Call is being Forwarded",
            "In Call/Ringing",
            "Cancelled",
            "Sound File Not Found",
            "Transferred",
            "Transfer Failed",
            "Caller Hung up during transfer",
            "Administrative Hold",
            "Call Forbidden",
            "Incoming Call",
            "Incoming Call Complete",
            "Incoming Call Transferred",
            "TTS Error",
            "Time Restriction",
            "Congestion/Service Unavail",
            "Global Not Acceptable",
            "No Supported Media",
            "Telecom Timeout",
            "Telecom Denied",
            "Demo Denied due to FTC regulations",
            "TTS Busy - Will Try Again",
            "Conference Start",
            "Conference Join",
            "Telco Reported Vacant Number",
            "Number Changed or Disconnected",
            "Sound File Processing",
            "Ready for Dialer",
        )
    )
)

assert RESPONSE_TEXTS.keys() == {int(code) for code in ResponseCode}
