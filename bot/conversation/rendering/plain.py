"""Blocks as text for a terminal or a messenger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.conversation.texts import texts


def plain_text(blocks: Iterable[Mapping[str, Any]], base_url: str = "") -> str:
    """Blocks as text, each in its own language.

    With `base_url` (where the public pages stand, such as `https://lotse.example`) the pages and calendars of journeys are
    named too.
    """
    return "\n\n".join(filter(None, ("\n".join(_lines(block, base_url.rstrip("/"))) for block in blocks)))


def _lines(block: Mapping[str, Any], base_url: str) -> Iterator[str]:
    kind = block["type"]
    if kind == "office":
        yield from filter(None, _office(block))
    elif kind == "service":
        yield from filter(None, _service(block))
    elif kind == "journey":
        yield from filter(None, _journey(block, base_url))
    elif kind == "journey_hint":
        yield f"{block['text']} {base_url}{block['page']}" if base_url else block["text"]
    elif kind == "handover":
        yield from filter(None, _handover(block))
    elif kind == "choices":
        yield from _choices(block)
    elif kind == "link":
        yield f"{block['label']}: {block['url'].removeprefix('tel:')}"
    else:
        yield block.get("text", "")


def _labels(block: Mapping[str, Any]) -> dict[str, str]:
    return texts(block.get("language") or "de")


def _office(block: Mapping[str, Any]) -> Iterator[str]:
    labels = _labels(block)
    yield f"{block['title']} ({block['role_label']})" if block["role_label"] else block["title"]
    yield ", ".join(block["address"])
    for key in ("phone", "email"):
        if block[key]:
            yield f"{labels[f'label_{key}']}: {block[key]}"
    yield block["website"]
    yield block["hours_today"]
    yield block["appointment"]
    if block["why"]:
        yield f"{labels['label_why']} {block['why']}"
    yield block["certainty"]


def _service(block: Mapping[str, Any]) -> Iterator[str]:
    labels = _labels(block)
    yield block["short"]
    for key in ("requirements", "documents", "procedure", "fees", "deadlines"):
        if block[key]:
            yield f"{labels[f'label_{key}']}:"
            yield from (f"• {item}" for item in block[key])
    if block["processing_time"]:
        yield f"{labels['label_duration']}: {block['processing_time']}"
    if block["online"]:
        yield f"{labels['label_online']}: {_link(block['online'])}"
    for form in block["forms"]:
        yield f"{labels['label_form']}: {_link(form)}"
    if block["legal_basis"]:
        yield f"{labels['label_legal_basis']}: {', '.join(block['legal_basis'])}"


def _link(link: Mapping[str, str]) -> str:
    return f"{link['title']} {link['url']}".rstrip()


def _choices(block: Mapping[str, Any]) -> Iterator[str]:
    for number, option in enumerate(block["options"], 1):
        hint = option.get("hint", "")
        yield f"{number}. {option['label']}" + (f"\n   {hint}" if hint else "")


def _journey(block: Mapping[str, Any], base_url: str) -> Iterator[str]:
    yield block["short"]
    for number, step in enumerate(block["steps"], 1):
        yield f"{number}. {step['title']}" + (f" ({step['condition']})" if step["condition"] else "")
        told = (step["office"]["title"] if step["office"] else step.get("text", ""), step["certainty"], step["hint"])
        yield from (f"   {each}" for each in told if each)
    if base_url:
        yield f"{base_url}{block['page']}"
        yield f"{base_url}{block['ics']}"


def _handover(block: Mapping[str, Any]) -> Iterator[str]:
    labels = _labels(block)
    yield block["text"]
    yield block["office"] if block["office"] not in block["text"] else ""
    for key in ("reference", "expected"):
        if block[key]:
            yield f"{labels[f'label_{key}']}: {block[key]}"
