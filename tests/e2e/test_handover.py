"""From the machine to a person and back, as the citizen sees it; and the message left when nobody is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route, expect

from bot.conversation.service import Releases
from bot.handover.accounts import AccountStore
from bot.handover.courier import Courier
from bot.handover.desk import StaffedDesk
from bot.handover.handovers import HandoverStore
from bot.handover.model import Account
from bot.handover.tickets import TicketStore
from bot.settings import DeskSettings, Settings
from knowledge.release import Release
from tests.e2e.browser import Gateway, OpenPage, answered, running, say, screenshot


@dataclass
class Clerk:
    """Somebody at the desk of a running gateway."""

    lotse: Gateway
    desk: StaffedDesk
    handovers: HandoverStore
    account: Account

    def accept(self) -> int:
        handover = self.handovers.open_ones()[-1].id
        self.desk.accept(handover, self.account, "Frau Huber")
        return handover


class KnownRelease(Releases):
    """The release, without looking."""

    def __init__(self, release: Release) -> None:
        self._known = release

    def at_hand(self) -> Release:
        return self._known


@pytest.fixture(scope="module")
def clerk(published: Settings) -> Iterator[Clerk]:
    with running(published, desk=DeskSettings(chat=True, chat_anytime=True)) as lotse:
        stores, settings = lotse.stores, lotse.settings.desk
        accounts, tickets = AccountStore(stores.engine), TicketStore(stores.engine)
        account = accounts.add("huber", "Huber", "ein langes Kennwort")
        handovers = HandoverStore(stores.engine, stores.conversations.notices)
        release = stores.knowledge.release()
        assert release
        desk = StaffedDesk(handovers, tickets, accounts, KnownRelease(release), Courier(tickets, []), settings)
        token = accounts.sign_in("huber", "ein langes Kennwort", "127.0.0.1")
        assert token
        accounts.set_present(token, True)
        yield Clerk(lotse, desk, handovers, account)


def asked_for_a_person(page: Page) -> Page:
    answered(page)
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Mit einem Menschen sprechen").click()
    expect(page.locator(".handover").last).to_be_visible()
    return page


def test_a_person_takes_over_and_gives_back(clerk: Clerk, open_page: OpenPage) -> None:
    page = asked_for_a_person(open_page(clerk.lotse.url))
    expect(page.locator(".person-bar")).to_contain_text("Bitte warten Sie")
    expect(page.locator("#message")).to_be_focused()
    screenshot(page, "handover-waiting", full=False)
    handover = clerk.accept()
    expect(page.locator(".person-bar-active")).to_be_visible()
    clerk.desk.write(handover, clerk.account, "1", "Grüß Gott, wie kann ich helfen?")
    said = page.locator(".answer-clerk")
    expect(said).to_contain_text("Grüß Gott")
    expect(said).to_contain_text("Frau Huber")
    say(page, "Der Bescheid stimmt nicht.")
    expect(page.locator(".delivered")).to_have_text("Zugestellt")
    screenshot(page, "handover", full=False)
    page.reload()
    expect(page.locator(".answer-clerk")).to_have_count(1)
    expect(page.locator(".person-bar-active")).to_contain_text("Frau Huber")
    clerk.desk.close(handover, clerk.account)
    expect(page.locator(".person-bar")).to_have_count(0)
    answered(page, "Hundesteuer Moosham")


def test_a_clerks_words_arrive_where_events_are_blocked(clerk: Clerk, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.route("**/events*", lambda route: route.abort())
    page.goto(clerk.lotse.url)
    asked_for_a_person(page)
    handover = clerk.accept()
    clerk.desk.write(handover, clerk.account, "1", "Auch ohne Ereignisse.")
    expect(page.locator(".answer-clerk")).to_contain_text("Auch ohne Ereignisse.", timeout=15_000)
    clerk.desk.close(handover, clerk.account)


@pytest.fixture(scope="module")
def unattended(clerk: Clerk, published: Settings) -> Iterator[Gateway]:
    """The same Lotse while no chat is offered: messages can be left."""
    with running(published, desk=DeskSettings()) as lotse:
        yield lotse


def test_a_message_is_left_once_with_a_reference(unattended: Gateway, open_page: OpenPage) -> None:
    page = asked_for_a_person(open_page(unattended.url))
    form = page.locator("form.contact")
    page.get_by_role("button", name="Absenden").click()
    message = page.get_by_label("Ihre Nachricht")
    expect(message).to_be_focused()
    expect(message).to_have_attribute("aria-invalid", "true")
    expect(form).to_contain_text("Bitte geben Sie eine E-Mail-Adresse oder eine Telefonnummer an.")
    screenshot(page, "handover-form", full=False)
    message.fill("Bitte rufen Sie mich wegen der Hundesteuer an.")
    page.get_by_label("E-Mail oder Telefon").fill("hier stimmt was nicht@")
    page.get_by_role("button", name="Absenden").click()
    expect(page.locator(".form-problem")).not_to_be_empty()
    page.get_by_label("E-Mail oder Telefon").fill("089 1234567")
    page.get_by_label("Dieses Gespräch darf mitgeschickt werden").check()

    def lost(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/handover/form", lost, times=1)
    page.get_by_role("button", name="Absenden").click()
    done = page.locator("[data-reference]:not([data-reference=''])")
    expect(done).to_have_count(1)
    expect(done).to_contain_text("Ihr Zeichen")
    expect(done).to_be_focused()
    expect(page.locator("form.contact")).to_have_count(0)
    screenshot(page, "handover-left", full=False)
    tickets = TicketStore(unattended.stores.engine)
    assert len([each for each in tickets.tickets() if each.phone == "089 1234567"]) == 1
