"""Commands of the call-script language on real calls, by ear: recording, digits, silence, pauses, loops, queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import numpy as np
import pytest

from controller.programs import ProgramTree
from controller.softphone.phone_call import PhoneCall
from controller.softphone.rtp import CLOCK_RATE
from controller.speech.house_sounds import HOUSE_SECONDS
from tests.support.asterisk import RunningAsterisk
from tests.support.live import LiveHouse, hear_out, live_house, loud_seconds, loud_spans
from tests.support.patience import LONGEST_WAIT
from tests.support.tones import REST_SECONDS, Ear, hear, heard_codes, heard_tones, tone

ASK, THANKS, FIRST, SECOND = range(4)
SAID = 20
SOUNDS = {"ask": ASK, "thanks": THANKS, "first": FIRST, "second": SECOND}

SLOW = "<prosody rate='x-slow'>The quick brown fox jumps over the lazy dog.</prosody>"
FAST = "<prosody rate='x-fast'>The quick brown fox jumps over the lazy dog.</prosody>"
OF_DAVID = '<voice name="David">The quick brown fox jumps over the lazy dog.</voice>'
PLAIN = "The quick brown fox jumps over the lazy dog."

SCRIPTS = {
    "record": r"~^ask~ ~\RecordAndSaveAs(said|10|5)~ ~^said~ ~^thanks~",
    "record-twice": r"~^ask~ ~\RecordWithUniqueID(one|2|5)~ ~^[one]~ ~^ask~ ~\RecordWithUniqueID(two|10|1)~ ~^thanks~",
    "message": r"~^ask~ ~\RecordAndSaveAs(message|30|5)~ ~^thanks~",
    "listen": "~^message~",
    "dial": r"~^ask~ ~\DialDTMF(159*#w0D)~ ~^thanks~",
    "pausing": r"~\SoundPausing(true)~ ~^first~ ~^first~ ~^first~ ~^second~",
    "silence": r"~\WaitForSilence(0.6)~ ~^first~",
    "silence-once": r"~\WaitForSilence(0.6|1)~ ~^first~ ~\PlaySilence(2)~",
    "silence-twice": r"~\WaitForSilence(0.6|2)~ ~^first~",
    "gaps": r"~^first~ ~\PlaySilence(1.5)~ ~^second~ ~\PlaySilence(0.3)~ ~\Beep()~ ~\PlaySilence(0.3)~ ~^thanks~",
    "house": r"~^first~ ~\PlaySpecialSoundFile(dingdong)~ ~^second~",
    "repeat": r"~^first~ ~\WaitForDTMF(1)~ ~^second~",
    "loop": r"~\SetVar(n|1)~ ~\Label(again)~ ~^first~ ~\IncreaseVariable(n|1)~ ~\GotoIf(n|4|done)~ ~\Goto(again)~"
    r"~\Label(done)~ ~^second~",
    "slow": SLOW,
    "fast": FAST,
    "david": OF_DAVID,
    "changed": rf"~\ChangeVoiceID(1)~ {PLAIN}",
    "plain": PLAIN,
    "query": r"~\QueryExternalServer({server}/way?from=[callerid]|way)~ ~\GotoIf(way|left|left)~ ~^second~ ~\EndCall()~"
    r"~\Label(left)~ ~^first~ ~\VariableToTTS(way)~",
    "query-long": r"~\QueryExternalServer({server}/long|long)~ ~\GetVariableLength(long|length)~",
    "query-redirect": r"~\SetVar(x|before)~ ~\QueryExternalServer({server}/moved|x)~ ~^first~",
    "query-refused": r"~\SetVar(x|before)~ ~\SetVar(u|http://[::1]:8080/)~ ~\QueryExternalServer([u]|x)~ ~^first~",
    "query-slow": r"~\SetVar(x|before)~ ~\QueryExternalServer({server}/slow|x)~ ~^first~",
    "query-left": r"~\QueryExternalServer({server}/slow|x)~ ~^first~",
}


@pytest.fixture(scope="module")
async def live(
    asterisk: RunningAsterisk, tools: ProgramTree, fresh_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveHouse]:
    folder = tmp_path_factory.mktemp("commands")
    async with live_house(folder, asterisk, tools, fresh_database, sounds=SOUNDS, scripts=SCRIPTS) as running:
        yield running


async def _heard_out(live: LiveHouse, name: str) -> PhoneCall:
    call = await live.dial(name)
    await call.ended(LONGEST_WAIT)
    return call


async def test_a_caller_hears_the_own_words_again_and_the_pound_key_ends_them(live: LiveHouse) -> None:
    call = await live.dial("record")
    await hear_out(Ear(call), ASK)
    await call.play(tone(SAID, 1.0))
    await call.press("#")
    await hear(call, THANKS)
    await call.ended()

    assert heard_codes(call.audio) == [ASK, SAID, THANKS]
    final = await live.final(call)
    assert final["lastrecordlength"] in {"1", "2"}
    (sound,) = await live.rows("SELECT license_key, seconds FROM sounds WHERE sound_id = 'said'")
    assert sound["license_key"] == "acme"
    assert 1.0 <= sound["seconds"] < 2.5


@pytest.mark.parametrize("suppressed", [False, True], ids=["packets of silence", "no packets"])
async def test_recordings_end_at_their_maximum_and_by_silence_under_ids_of_their_own(
    live: LiveHouse, suppressed: bool
) -> None:
    call = await live.dial("record-twice")
    if suppressed:
        call.suppress_silence()
    ear = Ear(call)
    await hear_out(ear, ASK)
    await call.play(tone(SAID, 2.6))
    own = await ear.hear(SAID)
    await hear_out(ear, ASK, after=own.ended)
    await call.play(tone(SAID, 0.5))
    quiet = call.now
    thanks = await ear.hear(THANKS)
    await call.ended()

    assert next(heard.seconds for heard in ear.tones if heard.code == SAID) == pytest.approx(1.9, abs=0.3)
    assert 0.2 < thanks.started - quiet < 5
    final = await live.final(call)
    assert len({final["one"], final["two"]}) == 2
    known = {row["sound_id"] for row in await live.rows("SELECT sound_id FROM sounds")}
    assert {final["one"].lower(), final["two"].lower()} <= known


async def test_a_message_that_ends_by_hanging_up_is_there_for_the_next_caller(live: LiveHouse) -> None:
    call = await live.dial("message")
    await hear_out(Ear(call), ASK)
    await call.play(tone(SAID, 1.2))
    await call.hang_up()
    final = await live.final(call)
    assert final["lastrecordlength"] in {"1", "2"}
    assert [event for event, _ in await live.trace(call)][-3:] == ["record", "set", "end"]

    assert heard_codes((await _heard_out(live, "listen")).audio) == [SAID]


async def test_exactly_the_digits_of_dial_dtmf_are_heard_with_their_lengths_and_pauses(live: LiveHouse) -> None:
    call = await _heard_out(live, "dial")

    keys = call.keys
    assert [key.key for key in keys] == list("159*#0D")
    # Asterisk counts its repeated first packets as time.
    assert all(0.08 <= key.seconds <= 0.2 for key in keys)
    steps = [later.at - earlier.at for earlier, later in pairwise(keys)]
    assert 0.55 <= steps[4] <= 1.1
    assert all(step == pytest.approx(0.2, abs=0.06) for step in (*steps[:4], *steps[5:]))
    assert heard_codes(call.audio) == [ASK, THANKS]


async def test_sound_pauses_while_the_caller_talks_and_goes_on_afterwards(live: LiveHouse) -> None:
    call = await live.dial("pausing")
    await hear(call, FIRST)
    await call.play(tone(SAID, 1.2))
    await call.ended(LONGEST_WAIT)

    heard = heard_tones(call.audio)
    assert heard[-1].code == SECOND
    longest = max(later.started - earlier.ended for earlier, later in pairwise(heard))
    assert longest > 1.0
    played = sum(each.seconds for each in heard if each.code == FIRST)
    assert played == pytest.approx(3 * 0.32, abs=0.2)


async def test_a_talking_caller_is_waited_out_and_a_silent_one_is_not_waited_for_long(live: LiveHouse) -> None:
    talking, silent = await asyncio.gather(live.dial("silence"), live.dial("silence"))
    await talking.play(tone(SAID, 1.5))
    stopped = talking.now
    after_talk = await hear(talking, FIRST)
    after_silence = await hear(silent, FIRST)
    answered = silent.at("answered")
    assert answered is not None
    assert 0.5 <= after_talk.started - stopped <= 4
    assert 0.5 <= after_silence.started - answered <= 4
    await asyncio.gather(talking.ended(), silent.ended())


async def test_who_talks_on_is_waited_for_ten_seconds_a_try(live: LiveHouse) -> None:
    once, twice = await asyncio.gather(live.dial("silence-once"), live.dial("silence-twice"))
    talking = asyncio.create_task(once.play(tone(SAID, 16.0)))
    await twice.play(tone(SAID, 11.0))
    stopped = twice.now
    given_up = await hear(once, FIRST)
    waited_out = await hear(twice, FIRST)
    answered = once.at("answered")
    assert answered is not None
    assert 9.5 <= given_up.started - answered < 15  # while the caller still talks
    assert 0.5 <= waited_out.started - stopped <= 4
    await asyncio.gather(once.ended(), twice.ended())
    await asyncio.gather(talking, return_exceptions=True)


async def test_silence_lasts_as_long_as_it_says_and_the_beep_is_heard(live: LiveHouse) -> None:
    call = await _heard_out(live, "gaps")
    first, second, thanks = heard_tones(call.audio)
    assert second.started - first.ended == pytest.approx(1.58, abs=0.1)
    beeps = [span for span in loud_spans(call.audio) if second.ended < span[0] < thanks.started - 0.05]
    assert len(beeps) == 1
    assert 0.2 < beeps[0][1] - beeps[0][0] < 0.6


async def test_a_sound_of_the_house_is_heard(live: LiveHouse) -> None:
    call = await _heard_out(live, "house")
    first, second = (next(each for each in heard_tones(call.audio) if each.code == code) for code in (FIRST, SECOND))
    assert second.started - first.ended == pytest.approx(HOUSE_SECONDS["dingdong"] + 0.08, abs=0.1)
    ding, dong = (_loudest_pitch(call, first.ended + REST_SECONDS + begins) for begins in (0.05, 0.65))
    assert (ding, dong) == (pytest.approx(659, abs=15), pytest.approx(523, abs=15))


async def test_1_repeats_the_message_without_being_bound(live: LiveHouse) -> None:
    call = await live.dial("repeat")
    ear = Ear(call)
    first = await hear_out(ear, FIRST)
    await call.press("1")
    await ear.hear(FIRST, after=first.ended)
    await call.ended()
    assert heard_codes(call.audio) == [FIRST, FIRST, SECOND]


async def test_variables_conditions_and_jumps_make_a_loop_that_is_heard(live: LiveHouse) -> None:
    assert heard_codes((await _heard_out(live, "loop")).audio) == [FIRST, FIRST, FIRST, SECOND]


async def test_speech_control_is_heard(live: LiveHouse) -> None:
    slow, fast, plain, david, changed = await asyncio.gather(
        *(_heard_out(live, name) for name in ("slow", "fast", "plain", "david", "changed"))
    )
    assert loud_seconds(slow.audio) > 1.6 * loud_seconds(plain.audio)
    assert loud_seconds(plain.audio) > 1.2 * loud_seconds(fast.audio)
    assert _spectrum_differs(plain, david)
    assert _spectrum_differs(plain, changed)
    assert not _spectrum_differs(david, changed)


async def test_what_a_server_answers_leads_the_call_is_spoken_and_posted(live: LiveHouse) -> None:
    live.acme.pages["/way"] = " left\n"
    call = await _heard_out(live, "query")
    (first,) = heard_tones(call.audio)
    assert first.code == FIRST
    assert loud_seconds(call.audio.since(first.ended)) > 0.15
    assert (await live.final(call))["way"] == "left"
    live.acme.pages["/way"] = "right"
    assert heard_codes((await _heard_out(live, "query")).audio) == [SECOND]


async def test_what_a_server_must_not_do_to_a_call(live: LiveHouse) -> None:
    live.acme.pages.update({"/long": "ü" * 3000, "/elsewhere": "stolen"})
    live.acme.redirects["/moved"] = "/elsewhere"
    live.acme.unanswered.add("/slow")
    long, moved, refused, slow = await asyncio.gather(
        *(_heard_out(live, name) for name in ("query-long", "query-redirect", "query-refused", "query-slow"))
    )
    assert ((await live.final(long))["length"], (await live.final(long))["long"]) == ("500", "ü" * 500)
    for call, told in ((moved, "302"), (refused, "::1"), (slow, "10 s")):
        assert heard_codes(call.audio) == [FIRST]
        assert (await live.final(call))["x"] == ""
        (error,) = [fields["message"] for event, fields in await live.trace(call) if event == "error"]
        assert told in error
    assert "/elsewhere" not in live.acme.asked
    (heard,) = heard_tones(slow.audio)
    assert 9 <= heard.started <= 20


async def test_who_hangs_up_during_a_query_is_not_waited_for(live: LiveHouse) -> None:
    live.acme.unanswered.add("/slow")
    call = await live.dial("query-left")
    await call.more_audio(2)
    await call.hang_up()
    final = await live.posted(call, timeout=5)
    assert final[-1].code == 30


def _loudest_pitch(call: PhoneCall, at: float) -> float:
    """The frequency in Hz that is heard for a fifth of a second from then on."""
    heard = call.audio.since(at).samples[: round(0.2 * CLOCK_RATE)]
    return float(np.argmax(np.abs(np.fft.rfft(heard, CLOCK_RATE))))


def _spectrum_differs(one: PhoneCall, other: PhoneCall) -> bool:
    """Whether two voices said it: the average spectra of the two are less alike than those of one voice."""

    def average(call: PhoneCall) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        samples = call.audio.samples.astype(np.float64)
        frames = samples[: len(samples) // 256 * 256].reshape(-1, 256)
        spectrum = np.abs(np.fft.rfft(frames * np.hanning(256), axis=1)).mean(axis=0)
        return np.asarray(spectrum / np.linalg.norm(spectrum))

    return float(average(one) @ average(other)) < 0.98
