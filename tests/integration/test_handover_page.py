"""The clerk's page: who gets in, and what comes from elsewhere stays out."""

from __future__ import annotations

import httpx
import pytest

from bot.bootstrap import Stores
from bot.handover.accounts import AccountStore
from tests.integration.clerk import PASSWORD, QUESTION, Clerk, anna, ask, browser, client, quick_hashes
from tests.integration.wiring import open_chat

__all__ = ["anna", "client", "quick_hashes"]


@pytest.fixture
def accounts(stores: Stores) -> AccountStore:
    made = AccountStore(stores.engine)
    made.add("anna", "Anna <b>Huber</b>", PASSWORD)
    return made


async def test_the_cookie_is_kept_from_scripts_and_other_sites(client: httpx.AsyncClient) -> None:
    clerk = browser(client)
    cookie = (await clerk.sign_in()).headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/amt", "max-age=36000"))
    assert "secure" not in cookie
    secure = await clerk.http.post(
        "https://lotse/amt/anmelden", data={"login": "anna", "password": PASSWORD}, headers={"origin": "https://lotse"}
    )
    assert "secure" in secure.headers["set-cookie"].lower()
    await clerk.http.aclose()


async def test_without_signing_in_there_is_nothing_to_see(client: httpx.AsyncClient) -> None:
    stranger = browser(client)
    for path in ("/amt", "/amt/liste", "/amt/nachrichten", "/amt/uebergaben/1", "/amt/nachrichten/L-2026-ABCDEF"):
        response = await stranger.http.get(path)
        then = "" if path in ("/amt", "/amt/liste") else f"?weiter={path}"
        assert (response.status_code, response.headers["location"]) == (303, f"/amt/anmelden{then}"), path
        as_program = await client.get(path)
        assert as_program.status_code == 401 and as_program.headers["content-type"] == "application/problem+json"
    for path in ("/amt/uebergaben/1/annehmen", "/amt/anwesenheit", "/amt/abmelden"):
        assert (await stranger.http.post(path, data={"csrf": "x"})).status_code == 303
    await stranger.http.aclose()


async def test_wrong_passwords_are_refused_and_then_slowed_down(client: httpx.AsyncClient) -> None:
    clerk = browser(client)
    for _ in range(5):
        refused = await clerk.sign_in("falsch falsch")
        assert refused.status_code == 403 and "set-cookie" not in refused.headers
        assert "passen nicht zusammen" in refused.text and 'value="anna"' in refused.text and "falsch" not in refused.text
    slowed = await clerk.sign_in()
    assert slowed.status_code == 429 and 0 < int(slowed.headers["retry-after"]) <= 31
    assert "Zu viele Versuche" in slowed.text
    await clerk.http.aclose()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://lotse.evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "", "sec-fetch-site": "same-site"},
    ],
)
async def test_forms_from_other_sites_have_no_effect(
    client: httpx.AsyncClient, anna: Clerk, accounts: AccountStore, headers: dict[str, str]
) -> None:
    token = await anna.csrf()
    refused = await anna.http.post("/amt/anwesenheit", data={"csrf": token, "present": "0"}, headers=headers)
    assert refused.status_code == 403 and "anderen Website" in refused.text
    signing_in = await anna.http.post("/amt/anmelden", data={"login": "anna", "password": PASSWORD}, headers=headers)
    assert signing_in.status_code == 403 and "set-cookie" not in signing_in.headers
    assert accounts.somebody_present("any")


async def test_browsers_that_hide_the_origin_say_where_they_are(anna: Clerk) -> None:
    token = await anna.csrf()
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    done = await anna.http.post("/amt/anwesenheit", data={"csrf": token, "present": "0"}, headers=headers)
    assert done.status_code == 303


async def test_a_form_needs_the_token_of_its_own_session(client: httpx.AsyncClient, anna: Clerk, accounts: AccountStore) -> None:
    accounts.add("berta", "Berta", PASSWORD)
    berta = browser(client, "berta")
    await berta.sign_in()
    for token in ("", "x", "ü", await berta.csrf()):
        assert (await anna.post("/amt/anwesenheit", csrf=token, present="0")).status_code == 403
    assert (await anna.post("/amt/anwesenheit", present="0")).status_code == 303
    await berta.http.aclose()


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ("/amt/uebergaben/12", "/amt/uebergaben/12"),
        ("/amt/nachrichten/L-2026-ABCDEF", "/amt/nachrichten/L-2026-ABCDEF"),
        ("", "/amt"),
        ("https://evil.example/amt/uebergaben/1", "/amt"),
        ("//evil.example", "/amt"),
        ("/amt/uebergaben/1/../../evil", "/amt"),
        ("/amt/uebergaben/1/schliessen", "/amt"),
        ("/amt/uebergaben/1\r\nSet-Cookie: a=b", "/amt"),
    ],
)
async def test_after_signing_in_it_goes_on_where_it_was(client: httpx.AsyncClient, given: str, then: str) -> None:
    clerk = browser(client)
    form = (await clerk.http.get("/amt/anmelden", params={"weiter": given})).text
    assert ("weiter" in form) is (then != "/amt") and "evil" not in form
    fields = {"login": "anna", "password": PASSWORD, "weiter": given}
    wrong = await clerk.http.post("/amt/anmelden", data={**fields, "password": "falsch falsch"})
    assert ("weiter" in wrong.text) is (then != "/amt")
    assert (await clerk.http.post("/amt/anmelden", data=fields)).headers["location"] == then
    await clerk.http.aclose()


async def test_events_are_for_those_who_may_read(client: httpx.AsyncClient, anna: Clerk, accounts: AccountStore) -> None:
    chat = await open_chat(client)
    await chat.say(QUESTION)
    await ask(chat)
    (number,) = await anna.waiting()
    path = f"/amt/uebergaben/{number}/ereignisse"
    assert (await client.get(path)).status_code == (await client.get("/amt/ereignisse")).status_code == 401
    accounts.add("carl", "Carl", PASSWORD, ["standesamt@ammerfeld"])
    carl = browser(client, "carl")
    await carl.sign_in()
    assert (await carl.http.get(path, headers={"accept": "text/event-stream"})).status_code == 404
    await carl.http.aclose()


async def test_signing_out_ends_the_session(client: httpx.AsyncClient, anna: Clerk) -> None:
    stolen = dict(anna.http.cookies)
    left = await anna.post("/amt/abmelden")
    assert left.headers["location"] == "/amt/anmelden" and 'lotse_amt=""' in left.headers["set-cookie"]
    thief = browser(client)
    thief.http.cookies.update(stolen)
    assert (await thief.http.get("/amt")).status_code == 303
    await thief.http.aclose()


async def test_pages_are_not_kept_and_have_the_strict_policy(anna: Clerk) -> None:
    for path in ("/amt", "/amt/nachrichten", "/amt/anmelden"):
        response = await anna.http.get(path)
        assert response.headers["cache-control"] == "no-store"
        policy = response.headers["content-security-policy"]
        assert "unsafe-inline" not in policy and "default-src 'none'" in policy
        assert "<script>" not in response.text and "style=" not in response.text and "onclick" not in response.text
        assert '<html lang="de">' in response.text and response.text.count("<h1>") == 1
    assert "Anna &lt;b&gt;Huber&lt;/b&gt;" in await anna.page() and "<b>Huber" not in await anna.page()


async def test_only_its_own_files(anna: Clerk) -> None:
    for name, kind in (("amt.css", "text/css"), ("amt.js", "text/javascript")):
        response = await anna.http.get(f"/amt/static/{name}")
        assert response.status_code == 200 and response.headers["content-type"].startswith(kind)
    for name in ("routes.py", "..%2froutes.py", "%2e%2e/routes.py"):
        assert (await anna.http.get(f"/amt/static/{name}")).status_code == 404


async def test_an_answer_is_inserted(client: httpx.AsyncClient, anna: Clerk) -> None:
    chat = await open_chat(client)
    await chat.say(QUESTION)
    await ask(chat)
    (number,) = await anna.waiting()
    await anna.accept(number)
    found = await anna.page(f"/amt/uebergaben/{number}/antworten?q=Personalausweis")
    assert "einfuegen=personalausweis-beantragen" in found
    assert "keine Leistung gefunden" in await anna.page(f"/amt/uebergaben/{number}/antworten?q=qwrtzx")
    here = (await anna.http.get(f"/amt/uebergaben/{number}/antwort?leistung=personalausweis-beantragen")).json()["text"]
    assert "Ammerfeld" in here and "Telefon:" in here and "Mitbringen:" in here
    path = f"/amt/uebergaben/{number}/antwort?leistung=personalausweis-beantragen&ort=Hohenreut"
    there = (await anna.http.get(path)).json()["text"]
    assert "Hohenreut" in there and "Telefon:" in there
    without_script = await anna.page(f"/amt/uebergaben/{number}?q=Ausweis&einfuegen=personalausweis-beantragen")
    assert "Mitbringen:" in without_script.partition("<textarea")[2].partition("</textarea>")[0]
    assert (await anna.http.get(f"/amt/uebergaben/{number}/antwort?leistung=gibt-es-nicht")).status_code == 404


async def test_bodies_that_are_no_form(anna: Clerk) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for content in (b"&".join(b"a=1" for _ in range(100)), b"\xff\xfe=%ff%00", b""):
        response = await anna.http.post("/amt/anwesenheit", content=content, headers=headers)
        assert response.status_code in (400, 403)
    assert (await anna.http.post("/amt/anmelden", content=b"login=%00&password=%ed%a0%80", headers=headers)).status_code == 403
    assert (await anna.http.get("/amt/uebergaben/abc")).status_code == 422
    assert (await anna.http.get("/amt/uebergaben/99999999999999999999")).status_code in (404, 422)
