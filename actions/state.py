"""What goes into a turn and comes out of it: the understanding of a message, what a conversation remembers, what to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actions.facts import FoundFacts
from knowledge.responsibility import Assignment, Choice

NONE_OF_THESE = "keins"
WHO = "who"
ASPECT_NAMES = {
    "zustaendig": WHO,
    "unterlagen": "documents",
    "kosten": "fee",
    "oeffnungszeiten": "hours",
    "frist": "deadline",
    "online": "online",
    "ablauf": "procedure",
    "kontakt": "contact",
    "formular": "form",
    "termin": "appointment",
    "voraussetzungen": "requirements",
}
"""What can be asked about a matter: the names in the training data, and what replies call it."""


@dataclass(frozen=True)
class Candidate:
    """A service that the question may mean, with a calibrated probability."""

    service: str
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """What the NLU made of a message.

    `verdict` is `answer`, `choose` or `unsure`; `matters` are two services where different parts of the message are about them;
    `journey` is a situation that takes several services.
    """

    text: str
    intent: str
    ranking: tuple[Candidate, ...] = ()
    verdict: str = "unsure"
    facts: FoundFacts = FoundFacts()
    aspect: str = WHO
    matters: tuple[str, ...] = ()
    journey: str = ""


JOURNEY = "lebenslage:"
"""Begins the name of a journey where it stands among services."""


@dataclass(frozen=True)
class TurnState:
    """What a conversation remembers. JSON-safe through `to_dict` and `from_dict`.

    The matter at hand is a `service`, a `journey`, or an `office` (its type) that was asked for by name. `options` are the
    answers to an open question; those behind `NONE_OF_THESE` were not shown and may be meant all the same. `pending` is a
    second matter (a service or `lebenslage:…`) that was named and not dealt with yet; `before` is the state one step back.
    """

    service: str | None = None
    journey: str | None = None
    office: str | None = None
    places: tuple[str, ...] = ()
    district: str | None = None
    surname: str | None = None
    audience: str | None = None
    value: str | None = None
    on: str | None = None
    awaiting: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    aspect: str | None = None
    pending: str | None = None
    before: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {key: _plain(value) for key, value in self.__dict__.items()}

    @property
    def has_matter(self) -> bool:
        return bool(self.service or self.journey or self.office)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TurnState:
        known = {key: data[key] for key in cls.__dataclass_fields__ if data.get(key) is not None}
        known["places"] = tuple(known.get("places", ()))
        known["options"] = tuple((str(value), str(label)) for value, label in known.get("options", ()))
        return cls(**known)


@dataclass(frozen=True)
class Reply:
    """What to say, as references into the release.

    `outcome` is one of answer, choices, missing, ambiguous, nothere, journey, fallback, handover, crisis, smalltalk; `topic`
    says which text is meant where an outcome has several, or which journey; `aspect` is what was asked about the matter; `also`
    is a second matter that was noticed. A fallback with `missing` asks the open question again. Without a `service`, an answer
    and a question are about an office that was asked for by name.
    """

    outcome: str
    service: str | None = None
    offices: tuple[Assignment, ...] = ()
    missing: str | None = None
    choices: tuple[Choice, ...] = ()
    topic: str = ""
    places: tuple[str, ...] = ()
    on: str | None = None
    aspect: str = WHO
    also: str | None = None

    def to_dict(self) -> dict[str, Any]:
        data = {key: _plain(value) for key, value in self.__dict__.items()}
        data["offices"] = [dict(office.__dict__) for office in self.offices]
        data["choices"] = [dict(choice.__dict__) for choice in self.choices]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Reply:
        return cls(
            **{
                **data,
                "offices": tuple(Assignment(**office) for office in data["offices"]),
                "choices": tuple(Choice(**choice) for choice in data["choices"]),
                "places": tuple(data["places"]),
            }
        )


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
