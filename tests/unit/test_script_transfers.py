"""Transfers to a number that the caller or a queried server names: who calls chooses what the licence key pays for."""

from __future__ import annotations

import pytest

from controller.script.analysis.checker import Context, check
from controller.script.parser import parse

FRAUD = r"~\GetDigits(num|6)~ ~\TransferTo([num])~"


def found(script: str, open_transfers: bool | None = None) -> list[tuple[str, str]]:
    return [(each.severity, each.code) for each in check(parse(script), Context(open_transfers=open_transfers))]


@pytest.mark.parametrize(
    "script",
    [
        FRAUD,
        r"~\GetDigits(num|6)~ ~\TransferTo(1[NUM])~",
        r"~\GetDigits(a|6)~ ~\SetVar(b|1[a])~ ~\SetVar(c|[b])~ ~\TransferTo([c])~",
        r"~\Label(go)~ ~\TransferTo([c])~ ~\SetVar(c|[b])~ ~\GetDigits(b|6)~ ~\Goto(go)~",
        r"~\QueryExternalServer(https://www.example.com/|num)~ ~\TransferTo([num])~",
        r"~\SetVar(n|1)~ ~\IncreaseVariable(n|[digitsdialed])~ ~\TransferTo([n])~",
        r"~\TransferTo([callerid])~",
        r"~\TransferTo([digitsdialed])~",
        r"~\SetVar(name|x)~ ~\GetDigits([name]|6)~ ~\SetVar(x|1)~ ~\TransferTo([x])~",
    ],
)
def test_a_number_from_outside_is_an_error_unless_the_key_opens_it(script: str) -> None:
    assert ("error", "open-transfer") in found(script, open_transfers=False)
    assert "open-transfer" not in {code for _, code in found(script, open_transfers=True)}


@pytest.mark.parametrize(
    "script",
    [
        r"~\SetVar(num|2015550110)~ ~\TransferTo([num])~",
        r"~\GetDigits(pin|6)~ ~\GotoIf(pin|1|a)~ ~\EndCall()~ ~\Label(a)~ ~\TransferTo(2015550110)~",
        r"~\GetDigits(pin|6)~ ~\SetVar(num|2015550110)~ ~\TransferTo([num])~",
        r"~\GetDigits(show|6)~ ~\TransferTo(2015550110|[show])~",
    ],
)
def test_a_number_of_the_script_itself_is_not(script: str) -> None:
    assert "open-transfer" not in {code for _, code in found(script, open_transfers=False)}


def test_for_a_script_of_nobody_it_is_a_warning() -> None:
    assert ("warning", "open-transfer") in found(FRAUD)


def test_the_message_says_what_to_do() -> None:
    (diagnostic,) = [each for each in check(parse(FRAUD), Context(open_transfers=False)) if each.severity == "error"]
    assert "transfers: open" in diagnostic.message
    assert "'num'" in diagnostic.message
