"""Texts through the whole house: a real Asterisk, two phones that register, a carrier, and the customer's server."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import pytest

from controller.asterisk.configuration import SipPhone
from controller.programs import ProgramTree
from controller.softphone.registration import Account
from controller.softphone.text_phone import TextPhone
from controller.texts.rules import RESUME_REPLY, STOP_REPLY
from tests.support.asterisk import PHONE_PASSWORD, TRUNK_ADDRESS, VOICE_NUMBER, RunningAsterisk, running_asterisk
from tests.support.house import KEY, Customer, House, Posted, customer
from tests.support.patience import LONGEST_WAIT

ALICE, BOB, STRANGER = "+12015550110", "+12015550111", "+12125550123"
OTHER_DID = "+12015550102"

YAML = """
license_keys:
  acme:
    key: {key}
    status_post_url: {url}/postbacks
dids:
  "{did}": {{voice: acme, sms: acme, ivr: menu}}
  "{other}": {{sms: acme}}
ivrs:
  menu: {{text: Press one., choices: {{"1": "sequence:text"}}, timeout: 5}}
sequences:
  text:
    - sms: {{from: "{did}", to: "{stranger}", text: From a sequence}}
phones:
  alice: {{password: '{password}', number: "{alice}"}}
  bob: {{password: '{password}', number: "{bob}"}}
trunks:
  carrier: {{host: {trunk}, port: {port}}}
sip: {{host: 127.0.0.1, port: {sip}}}
"""


@dataclass
class TextHouse:
    """The house with its phones."""

    house: House
    customer: Customer
    asterisk: RunningAsterisk
    carrier: TextPhone
    alice: TextPhone
    bob: TextPhone

    async def rows(self, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.house.dsn)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    async def until(self, sql: str, timeout: float = LONGEST_WAIT) -> list[asyncpg.Record]:
        async with asyncio.timeout(timeout):
            while not (rows := await self.rows(sql)):
                await asyncio.sleep(0.05)
        return rows

    async def posted(self, message: str) -> Posted:
        """The post-back of a text that came in."""
        return (await self.customer.wait(lambda all_: any(p.form.get("Message") == message for p in all_)))[-1]

    async def send(self, to: str, body: str, *more: str) -> tuple[int, str]:
        """`ringpost texts send`."""
        return await self.house.command(
            "texts",
            "send",
            to,
            body,
            "--key",
            "acme",
            "--from",
            VOICE_NUMBER,
            "--config",
            str(self.house.config),
            *more,
        )


@pytest.fixture(scope="module")
async def asterisk(tools: ProgramTree) -> AsyncIterator[RunningAsterisk]:
    phones = (SipPhone("alice", PHONE_PASSWORD, ALICE), SipPhone("bob", PHONE_PASSWORD, BOB))
    async with running_asterisk(tools, phones=phones, text_numbers=frozenset({VOICE_NUMBER, OTHER_DID})) as running:
        yield running


@asynccontextmanager
async def text_house(
    asterisk: RunningAsterisk, postgres: str, tools: ProgramTree, folder: Path
) -> AsyncIterator[TextHouse]:
    server = ("127.0.0.1", asterisk.sip_port)
    trunk = asterisk.configuration.trunks[0]
    async with AsyncExitStack() as stack:
        known = await stack.enter_async_context(customer())
        yaml = YAML.format(
            key=KEY,
            url=known.url,
            did=VOICE_NUMBER,
            other=OTHER_DID,
            stranger=STRANGER,
            password=PHONE_PASSWORD,
            alice=ALICE,
            bob=BOB,
            trunk=TRUNK_ADDRESS,
            port=trunk.port,
            sip=asterisk.sip_port,
        )
        house = House(folder, asterisk, postgres, tools.root, yaml)
        carrier = TextPhone(server, user=STRANGER, local=(TRUNK_ADDRESS, trunk.port))
        alice = TextPhone(server, user="alice", account=Account("alice", PHONE_PASSWORD))
        bob = TextPhone(server, user="bob", account=Account("bob", PHONE_PASSWORD))
        for phone in (carrier, alice, bob):
            await stack.enter_async_context(phone)
        await alice.register()
        await bob.register()
        await house.start()
        stack.push_async_callback(house.stop)
        yield TextHouse(house, known, asterisk, carrier, alice, bob)


@pytest.fixture
async def texts(
    asterisk: RunningAsterisk, postgres: str, tools: ProgramTree, tmp_path: Path
) -> AsyncIterator[TextHouse]:
    async with text_house(asterisk, postgres, tools, tmp_path) as house:
        yield house


async def test_a_text_is_posted_answered_and_the_answer_accepted(texts: TextHouse) -> None:
    assert await texts.alice.send(VOICE_NUMBER, 'hello\nfrom "alice" \U0001f600') == 202
    posted = await texts.posted('hello\nfrom "alice" \U0001f600')
    assert list(posted.form) == [
        *("SMSResponse", "MessageID", "FromPhoneNumber", "ToPhoneNumber", "ResponseReceiveDate", "Message")
    ]
    assert (posted.form["FromPhoneNumber"], posted.form["ToPhoneNumber"]) == ("12015550110", "12015550101")
    status, output = await texts.send(ALICE, "good day")
    assert status == 0, output
    text = await texts.alice.next_text()
    assert (text.sender, text.body) == (VOICE_NUMBER, "good day")
    sent = (await texts.customer.wait(lambda all_: any("SMSSent" in p.form for p in all_)))[-1]
    assert (sent.form["SMSSent"], sent.final) == ("1", True)
    assert await texts.alice.send(VOICE_NUMBER, "thanks") == 202
    matched = await texts.posted("thanks")
    assert matched.form["MatchedMessageID"] == sent.form["MessageID"]


async def test_stop_blocks_and_resume_opens_again(texts: TextHouse) -> None:
    assert await texts.carrier.send(VOICE_NUMBER, "Stop.") == 202
    assert (await texts.carrier.next_text()).body == STOP_REPLY
    status, output = await texts.send(STRANGER, "an offer")
    assert status == 1
    assert "opted out" in output
    assert await texts.carrier.send(VOICE_NUMBER, "STOP") == 202
    assert await texts.carrier.send(OTHER_DID, "resume") == 202
    assert (await texts.carrier.next_text()).body == RESUME_REPLY
    status, output = await texts.send(STRANGER, "an offer")
    assert status == 0, output
    assert (await texts.carrier.next_text()).body == "an offer"
    assert [text.body for text in texts.carrier.received] == [STOP_REPLY, RESUME_REPLY, "an offer"]


async def test_a_call_whose_sequence_sends_a_text_sends_none_to_a_number_that_opted_out(texts: TextHouse) -> None:
    async def choose_the_text() -> None:
        call = ("try", VOICE_NUMBER, "--press", "1@1", "--config", str(texts.house.config))
        status, output = await texts.house.command(*call)
        assert status == 0, output

    assert await texts.carrier.send(VOICE_NUMBER, "STOP") == 202
    assert (await texts.carrier.next_text()).body == STOP_REPLY
    await choose_the_text()
    await texts.until("SELECT 1 FROM call_trace WHERE fields::text LIKE '%opted out%'")
    assert await texts.carrier.send(VOICE_NUMBER, "RESUME") == 202
    assert (await texts.carrier.next_text()).body == RESUME_REPLY
    await choose_the_text()
    # What leaves, leaves in order: a text of the first call would have come before.
    assert (await texts.carrier.next_text(30)).body == "From a sequence"
    assert [text.body for text in texts.carrier.received] == [STOP_REPLY, RESUME_REPLY, "From a sequence"]


@pytest.mark.parametrize(
    ("answer", "state", "sent"), [(404, "refused", "0"), (403, "refused", "0"), (202, "accepted", "1")]
)
async def test_the_true_answer_of_the_far_side_is_told(texts: TextHouse, answer: int, state: str, sent: str) -> None:
    texts.carrier.answer = lambda _text: answer
    assert (await texts.send(STRANGER, "is anybody there?"))[0] == 0
    (row,) = await texts.until("SELECT state, sip_status FROM texts WHERE state NOT IN ('queued', 'sending')")
    assert (row["state"], row["sip_status"]) == (state, answer)
    assert (await texts.customer.finals(1))[-1].form["SMSSent"] == sent


async def test_a_text_for_a_phone_that_is_away_comes_when_it_registers(texts: TextHouse) -> None:
    await texts.bob.register(expires=0)
    assert (await texts.send(BOB, "when you are back"))[0] == 0
    assert (await texts.send(ALICE, "at once"))[0] == 0
    assert (await texts.alice.next_text()).body == "at once"
    assert texts.bob.received == []
    await texts.bob.register()
    assert (await texts.bob.next_text(30)).body == "when you are back"
    await texts.until("SELECT 1 FROM texts WHERE state = 'accepted' HAVING count(*) = 2")


async def test_a_text_for_none_of_our_numbers_is_refused(texts: TextHouse) -> None:
    assert await texts.carrier.send("+12015550199", "hello") == 404
    assert await texts.carrier.send(VOICE_NUMBER, "<b>hello</b>", content_type="text/html") == 415
    assert await texts.rows("SELECT * FROM texts") == []


async def test_a_long_text_arrives_whole(texts: TextHouse) -> None:
    body = " ".join(f"{n} \U0001f600" for n in range(300))
    assert len(body.encode()) > 1023
    assert await texts.carrier.send(VOICE_NUMBER, body) == 202
    (row,) = await texts.until("SELECT body FROM texts")
    assert row["body"] == body
    assert (await texts.send(STRANGER, body[:1600]))[0] == 0
    assert (await texts.carrier.next_text()).body == body[:1600]


def _segments(body: str) -> int:
    """How many segments a text of ASCII letters and digits, or of letters that GSM lacks, is."""
    alone, joined = (160, 153) if body.isascii() else (70, 67)
    return 1 if len(body) <= alone else math.ceil(len(body) / joined)


async def test_while_the_controller_is_killed_no_text_is_lost_and_none_comes_twice_nor_is_metered_twice(
    texts: TextHouse,
) -> None:
    chance = random.Random(9)
    bodies = [f"text {n} {chance.choice('xЖ') * chance.randrange(1, 500)}" for n in range(90)]

    async def send(first: int) -> None:
        for body in bodies[first : first + 30]:
            assert await texts.carrier.send(VOICE_NUMBER, body) == 202

    await send(0)
    sending = asyncio.create_task(send(30))
    await texts.house.kill()
    await sending
    await send(60)
    assert await texts.carrier.send(VOICE_NUMBER, "STOP") == 202
    await texts.house.start()
    await texts.until("SELECT 1 FROM texts WHERE direction = 'incoming' HAVING count(*) = 91", timeout=40)
    rows = await texts.rows("SELECT body, count(*) FROM texts WHERE direction = 'incoming' GROUP BY body")
    assert {row["body"]: row["count"] for row in rows} == dict.fromkeys([*bodies, "STOP"], 1)
    assert (await texts.carrier.next_text()).body == STOP_REPLY
    # A post-back that was under way at the kill is due again when its lease, 40 s, is over.
    posted = await texts.customer.wait(
        lambda all_: len({p.form["Message"] for p in all_ if "Message" in p.form}) == 91, timeout=60
    )
    ids = [each.headers["webhook-id"] for each in posted]
    assert len(set(ids)) == 91
    await texts.until("SELECT 1 FROM texts WHERE source = 'reply' AND state = 'accepted'")
    assert len(texts.carrier.received) == 1
    metered = await texts.rows(
        "SELECT direction, sum(units) AS units FROM usage_records WHERE product = 'text' GROUP BY direction"
    )
    assert {row["direction"]: row["units"] for row in metered} == {
        "incoming": sum(map(_segments, [*bodies, "STOP"])),
        "outgoing": _segments(STOP_REPLY),
    }


async def test_two_controllers_on_one_database_take_and_send_every_text_once(
    texts: TextHouse, tools: ProgramTree, tmp_path: Path
) -> None:
    async with running_asterisk(
        tools,
        phones=texts.asterisk.configuration.phones,
        text_numbers=frozenset({VOICE_NUMBER, OTHER_DID}),
        trunks=(replace(texts.asterisk.configuration.trunks[0], host="127.0.0.3"),),
    ) as second:
        folder = tmp_path / "second"
        folder.mkdir()
        yaml = texts.house.config.read_text().split("\nhttp:")[0].replace(TRUNK_ADDRESS, "127.0.0.3")
        other = House(folder, second, texts.house.dsn, tools.root, yaml)
        port = second.configuration.trunks[0].port
        async with TextPhone(("127.0.0.1", second.sip_port), user=STRANGER, local=("127.0.0.3", port)) as carrier:
            await other.start()
            try:
                for n in range(20):
                    body = f"text {n}"
                    assert await carrier.send(VOICE_NUMBER, body, call_id=f"same-{n}") == 202
                    assert await texts.carrier.send(VOICE_NUMBER, body, call_id=f"same-{n}") == 202
                await texts.until("SELECT 1 FROM texts HAVING count(*) >= 20")
                assert await carrier.send(VOICE_NUMBER, "STOP") == 202
                assert await texts.carrier.send(VOICE_NUMBER, "STOP") == 202
                # Each of the twenty once, whichever Asterisk it came through, and two texts that say STOP.
                await texts.until("SELECT 1 FROM texts WHERE direction = 'incoming' HAVING count(*) = 22")
                await texts.until("SELECT 1 FROM texts WHERE source = 'reply' AND state = 'accepted'")
                assert len(texts.carrier.received + carrier.received) == 1
                assert len(await texts.rows("SELECT 1 FROM texts WHERE direction = 'incoming'")) == 22
            finally:
                await other.stop()


async def test_a_try_of_a_text_shows_what_comes_back(texts: TextHouse) -> None:
    await texts.carrier.close()
    status, output = await texts.house.command(
        *("try", VOICE_NUMBER, "--text", "help", "--caller", STRANGER, "--config", str(texts.house.config))
    )
    assert status == 0, output
    assert "202 taken" in output
    assert "acme: text STOP to get no more texts" in output


async def test_opt_outs_are_kept_from_the_command_line(texts: TextHouse, tmp_path: Path) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        return await texts.house.command("optouts", *arguments, "--config", str(texts.house.config))

    file = tmp_path / "opt-outs.csv"
    file.write_text(f"license_key,number,at\nacme,{STRANGER},2026-01-02T03:04:05+00:00\nacme,12,\nnobody,{ALICE},\n")
    status, output = await run("import", str(file))
    assert (status, "1 new, 0 known" in output, "line 3" in output, "line 4" in output) == (1, True, True, True)
    assert await run("add", ALICE) == (0, "blocked\n")
    assert (await texts.send(ALICE, "no"))[0] == 1
    status, output = await run("list", "--json")
    assert [each["number"] for each in json.loads(output)] == [ALICE, STRANGER]
    assert (await run("export", str(file)))[1] == "2 written\n"
    assert await run("remove", STRANGER) == (0, "open again\n")
    assert (await texts.send(STRANGER, "yes"))[0] == 0
    assert (await texts.carrier.next_text()).body == "yes"
    status, output = await run("import", str(file))
    assert (status, output) == (0, "1 new, 1 known before\n")
