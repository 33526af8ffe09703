"""Who gets into the console, and who does not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.api.console.logging_in import MOST_OF_BOTH
from controller.api.console.one_time_codes import STEP_SECONDS, code_at
from controller.api.console.passwords import Passwords
from controller.api.console.store.audit import AuditLog
from controller.api.console.store.people import People
from controller.api.console.store.sessions import Sessions
from controller.config.sections import HttpSection
from controller.errors import StoreUnreachable
from controller.store.database import Database
from tests.support.console import PASSWORD, House, console_house
from tests.support.sql import sql


@pytest.fixture(scope="module")
async def shared_house(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with console_house(fresh_database, tmp_path_factory.mktemp("media")) as made:
        yield made


@pytest.fixture
async def house(shared_house: House) -> House:
    """The console with nobody in it."""
    await sql(shared_house.database, "TRUNCATE console_people, console_failures, console_audit CASCADE")
    return shared_house


async def with_password(house: House, name: str, key: str | None = None) -> None:
    person = await house.person(name, key)
    await People(house.database).set_password(person, await Passwords().hash(PASSWORD), b"")


async def test_whoever_is_not_logged_in_is_led_to_the_log_in(house: House) -> None:
    for path in ("/", "/calls", "/people"):
        answer = await house.browser().get(path)
        assert (answer.status, answer.headers["Location"]) == (303, "/console/log-in")
    assert (await house.browser().post("/log-out")).status == 403


async def test_a_link_logs_in_once(house: House) -> None:
    link = await Sessions(house.database).make_link(await house.person("ann"))
    browser = house.browser()
    # A program that looks at the link does not use it up.
    for _ in range(2):
        assert (await house.browser().get(f"/link/{link}")).status == 200
    assert (await browser.use_link(link)).headers["Location"] == "/console/me"
    assert "Overview" in (await browser.get("/")).words
    again = house.browser()
    assert (await again.use_link(link)).status == 403
    assert (await again.get("/")).status == 303


async def test_a_link_that_is_too_old_logs_nobody_in(house: House) -> None:
    link = await Sessions(house.database).make_link(await house.person("ann"), seconds=-1)
    assert (await house.browser().use_link(link)).status == 403


async def test_name_and_password_log_in_and_the_log_out_ends_the_session(house: House) -> None:
    await with_password(house, "Ann")
    browser = house.browser()
    answer = await browser.log_in("ann")
    assert (answer.status, answer.headers["Location"]) == (303, "/console/")
    session = browser.cookies["ringpost_console"]
    await browser.get("/")
    assert (await browser.post("/log-out")).status == 303
    browser.cookies["ringpost_console"] = session
    assert (await browser.get("/")).status == 303


async def test_the_session_cookie_is_for_this_site_and_no_script(house: House) -> None:
    await with_password(house, "ann")
    answer = await house.browser().log_in("ann")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/console"):
        assert part in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("bob", ""), ("", ""), ("a\0b", "\0")]
)
async def test_a_wrong_name_or_password_is_refused_alike(house: House, name: str, password: str) -> None:
    await with_password(house, "ann")
    await house.person("bob")
    answer = await house.browser().log_in(name, password)
    assert answer.status == 403
    assert "Name, password or code is wrong." in answer.words


async def test_guesses_are_slowed_down_and_a_link_still_works(house: House) -> None:
    await with_password(house, "ann")
    browser = house.browser()
    for _ in range(MOST_OF_BOTH):
        assert (await browser.log_in("ann", "guess")).status == 403
    assert (await browser.log_in("ann")).status == 429
    found = await People(house.database).named("ann")
    assert found is not None
    assert (await browser.use_link(await Sessions(house.database).make_link(found[0]))).status == 303


async def test_a_form_needs_the_token_of_its_own_session(house: House) -> None:
    ann, bob = await house.logged_in("ann"), await house.logged_in("bob")
    for token in ("", "x" * 64, bob.last_csrf):
        assert (await ann.post("/log-out", csrf=token)).status == 403
    assert (await ann.get("/")).status == 200


async def test_a_form_from_another_site_is_refused(house: House) -> None:
    ann = await house.logged_in("ann")
    form = {"csrf": ann.last_csrf}
    cookie = {"Cookie": f"ringpost_console={ann.cookies['ringpost_console']}"}
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        async with house.http.post(f"{house.url}/console/log-out", data=form, headers=cookie | header) as answer:
            assert answer.status == 403
    assert (await ann.get("/")).status == 200


async def test_an_upload_does_not_come_past_the_token(house: House) -> None:
    ann = await house.logged_in("ann")
    ann.last_csrf = ""
    assert (await ann.upload("/log-out", "a.wav", b"")).status == 415
    assert (await ann.get("/")).status == 200


async def test_what_is_no_form_is_refused(house: House) -> None:
    ann = await house.logged_in("ann")
    cookie = {"Cookie": f"ringpost_console={ann.cookies['ringpost_console']}"}
    url = f"{house.url}/console/log-out"
    bodies: list[tuple[bytes, str, int]] = [
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded", 403),
        (b"{}", "application/json", 415),
        (b"&".join(b"a=1" for _ in range(500)), "application/x-www-form-urlencoded", 400),
        (b"a" * 600_000, "application/x-www-form-urlencoded", 413),
    ]
    for body, content_type, status in bodies:
        async with house.http.post(url, data=body, headers=cookie | {"Content-Type": content_type}) as answer:
            assert (answer.status, content_type) == (status, content_type)
            assert "Traceback" not in await answer.text()


async def test_only_our_own_names_are_answered(postgres: str, tmp_path: Path) -> None:
    own = HttpSection(public_url="https://ringpost.example.com")
    async with console_house(postgres, tmp_path, http=own) as house:
        for host, status in {
            "evil.example": 421,
            "localhost:1": 303,
            "127.0.0.1": 303,
            "[::1]:8080": 303,
            "ringpost.example.com": 303,
            "RINGPOST.example.com:443": 303,
        }.items():
            assert ((await house.browser().get("/", Host=host)).status, host) == (status, host)


async def test_every_answer_forbids_what_a_page_of_ours_does_not_do(house: House) -> None:
    ann = await house.logged_in("ann")
    for path in ("/", "/log-in", "/nothing-here", "/static/console.css", "/people"):
        headers = (await ann.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == ("public, max-age=300" if "static" in path else "private, no-store")


async def test_no_page_has_script_or_style_of_its_own(house: House) -> None:
    ann = await house.logged_in("ann")
    for path in ("/", "/calls", "/people", "/audit", "/me"):
        page = (await ann.get(path)).text
        assert "<script>" not in page
        assert " style=" not in page
        assert " on" + "click" not in page


async def test_a_password_is_set_and_other_sessions_end(house: House) -> None:
    first = await house.logged_in("ann")
    other = house.browser()
    found = await People(house.database).named("ann")
    assert found is not None
    await other.use_link(await Sessions(house.database).make_link(found[0]))
    for bad, again in (("short", "short"), ("aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa"), (PASSWORD, "other")):
        assert (await first.post("/me/password", password=bad, again=again)).status == 422
    assert (await first.post("/me/password", password=PASSWORD, again=PASSWORD)).status == 200
    assert (await first.get("/")).status == 200
    assert (await other.get("/")).status == 303
    assert (await house.browser().log_in("ann")).status == 303


async def test_an_operator_invites_a_customer_and_lets_them_in_no_more(house: House) -> None:
    ann = await house.logged_in("ann")
    page = await ann.post("/people", name="carl", key="acme")
    assert page.status == 200
    token = page.words.split("/console/link/")[1].split()[0]
    carl = house.browser()
    assert (await carl.use_link(token)).status == 303
    assert (await carl.get("/people")).status == 403
    assert (await ann.post("/people", name="CARL", key="")).status == 409
    assert (await ann.post("/people", name="", key="")).status == 422
    assert (await ann.post("/people", name="dora", key="nobody's")).status == 404
    assert (await ann.post("/people/disable", name="ann")).status == 409
    assert (await ann.post("/people/disable", name="carl")).status == 303
    assert (await carl.get("/")).status == 303
    assert (await ann.post("/people/link", name="carl")).status == 404
    assert (await ann.post("/people/enable", name="carl")).status == 303
    assert "/console/link/" in (await ann.post("/people/link", name="carl")).words
    actions = [(each.action, each.subject, each.after) for each in await AuditLog(house.database).page()]
    assert ("invite", "carl", "customer of acme") in actions
    assert "disable a person" in (await ann.get("/audit")).words


async def test_a_customer_whose_key_is_gone_sees_nothing(house: House) -> None:
    carl = await house.logged_in("carl", "gone")
    assert (await carl.get("/calls")).status == 200
    assert "None." in (await carl.get("/calls")).words


async def test_sessions_and_entries_leave_after_their_period(house: House) -> None:
    ann = await house.logged_in("ann")
    assert await house.database.fetchval("remove_old_console_sessions", 60.0, 100) == 0
    await sql(house.database, "UPDATE console_sessions SET used_at = now() - interval '9 days'")
    assert (await ann.get("/")).status == 303
    assert await house.database.fetchval("remove_old_console_sessions", 8 * 86_400.0, 100) == 1
    assert await house.database.fetchval("remove_old_console_audit", 86_400.0, 100) == 0


async def test_the_database_away_is_told_as_a_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await house.logged_in("ann")

    async def away(*_args: object, **_values: object) -> None:
        raise StoreUnreachable("the database is away")

    monkeypatch.setattr(Database, "fetchrow", away)
    answer = await ann.get("/")
    assert answer.status == 503
    assert "try again" in answer.words


async def test_a_code_of_an_app_is_asked_for_once_it_is_set_up_and_works_once(house: House) -> None:
    await with_password(house, "ann")
    browser = house.browser()
    await browser.log_in("ann")
    page = await browser.get("/me")
    secret = page.text.split('name="secret" value="')[1].split('"')[0]
    step = int(time.time() // STEP_SECONDS)
    assert (await browser.post("/me/codes", secret=secret, code="000 00x")).status == 422
    assert (await browser.post("/me/codes", secret="nonsense", code=code_at(secret, step))).status == 422
    assert (await browser.post("/me/codes", secret=secret, code=code_at(secret, step))).status == 200

    again = house.browser()
    await again.get("/log-in")
    for code in ("", "123456", code_at(secret, step), code_at(secret, step - 5)):
        assert (await again.post("/log-in", name="ann", password=PASSWORD, code=code)).status == 403
    await sql(house.database, "TRUNCATE console_failures")
    # Of the next half minute: clocks may be off by one.
    fresh = code_at(secret, int(time.time() // STEP_SECONDS) + 1)
    assert (await again.post("/log-in", name="ann", password=PASSWORD, code=f"{fresh[:3]} {fresh[3:]}")).status == 303
    await again.get("/me")
    assert (await again.post("/me/codes/remove", code=fresh)).status == 422
    found = await People(house.database).named("ann")
    assert found is not None
    await People(house.database).set_codes(found[0], "")
    assert (await house.browser().log_in("ann")).status == 303


async def test_the_console_speaks_what_the_browser_asks_for_or_somebody_chose(house: House) -> None:
    anna = await house.logged_in("anna")
    assert '<html lang="en">' in (await anna.get("/calls")).text
    page = await anna.get("/calls", **{"Accept-Language": "de-DE,en;q=0.5"})
    assert '<html lang="de">' in page.text
    assert "Anrufe, die neuesten zuerst" in page.words
    missing = await anna.get("/calls/7", **{"Accept-Language": "de"})
    assert (missing.status, "Diesen Anruf gibt es nicht." in missing.words) == (404, True)
    await anna.get("/me")
    assert (await anna.post("/me/language", language="de")).status == 303
    assert "Änderungsprotokoll" in (await anna.get("/audit", **{"Accept-Language": "en"})).words
    assert (await anna.post("/me/language", language="xx")).status == 422
    assert (await anna.post("/me/language", language="")).status == 303
    assert "Audit log" in (await anna.get("/audit")).words
