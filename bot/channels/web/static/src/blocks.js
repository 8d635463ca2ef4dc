// The blocks of an answer as elements, and as plain text for copying and reading aloud.

import { make, icon, button, hiddenText, phoneLink, withNumbers } from "./dom.js";
import { memory } from "./memory.js";
import { fill } from "./words.js";
import { handoverBlock } from "./handover.js";

const RENDERERS = {
  text: textBlock,
  office: officeBlock,
  service: serviceBlock,
  choices: choicesBlock,
  journey: journeyBlock,
  journey_hint: journeyHint,
  handover: handoverBlock,
  language_card: languageCard,
  link: linkBlock,
  note: (block) => make("p", { class: "note" }, block.text),
};

/** The element of a block; null for a kind this page does not know, or one that is not as agreed. */
export function render(block, chat) {
  try {
    return Object.hasOwn(RENDERERS, block?.type) ? RENDERERS[block.type](block, chat) : null;
  } catch {
    return null;
  }
}

/** A link; plain text when the address is none that a citizen should be sent to. Addresses on the gateway begin with „/“. */
export function link(chat, url, label, name, picture) {
  const own = /^\/(?!\/)/.test(url ?? "");
  const content = [picture && icon(picture), label];
  let address;
  try {
    address = new URL(own ? chat.api.url(url) : url);
  } catch {
    return make("span", {}, label);
  }
  if (address.protocol === "tel:" || address.protocol === "mailto:") return make("a", { href: address.href, class: name }, content);
  if (address.protocol !== "https:" && address.protocol !== "http:") return make("span", {}, label);
  if (own && /\.(ics|vcf)$/.test(address.pathname)) return make("a", { href: address.href, class: name, download: true }, content);
  const there = { href: address.href, class: name, target: "_blank", rel: "noopener noreferrer" };
  return make("a", there, content, hiddenText(chat.words.newWindow));
}

function linkBlock(block, chat) {
  return link(chat, block.url, block.label, "action", block.url.startsWith("tel:") ? "phone" : "out");
}

function textBlock(block) {
  const urgent = block.tone === "urgent";
  const box = make("div", { class: urgent ? "text urgent" : "text" });
  let paragraph = null;
  let list = null;
  for (const line of block.text.split("\n")) {
    const row = /^([\d ]{3,}) – (.+)$/.exec(line);
    const item = /^• (.+)$/.exec(line);
    if (row || item) {
      const name = row ? "numbers" : "points";
      if (list?.className !== name) box.append((list = make("ul", { class: name })));
      paragraph = null;
      list.append(row ? make("li", {}, phoneLink(row[1]), make("span", {}, row[2])) : make("li", {}, withNumbers(item[1])));
    } else if (line.trim()) {
      list = null;
      if (paragraph) paragraph.append(make("br"), ...withNumbers(line));
      else box.append((paragraph = make("p", {}, withNumbers(line))));
    } else {
      paragraph = list = null;
    }
  }
  return box;
}

function languageCard(block) {
  return make(
    "section",
    { class: "card language-card", lang: block.language, dir: block.dir ?? "auto" },
    block.text.split("\n").filter((line) => line.trim()).map((line) => make("p", {}, withNumbers(line))),
    block.phone && make("p", {}, make("a", { href: `tel:${block.phone}`, class: "action" }, icon("phone"), block.phone)),
  );
}

// ---------------------------------------------------------------- offices

function officeBlock(office, chat) {
  const { words } = chat;
  const badges = make(
    "p",
    { class: "badges" },
    office.role_label && make("span", { class: office.role === "zustaendig" ? "badge badge-main" : "badge" }, office.role_label),
    office.appointment && make("span", { class: "badge badge-appointment" }, office.appointment),
  );
  const card = make("article", { class: "card office-card", "data-office": office.id, lang: office.language });
  if (badges.childElementCount) card.append(badges);
  card.append(make("h3", { lang: office.lang }, office.title));
  if (office.hours_today) card.append(today(office));
  const ways = make("ul", { class: "ways" });
  const way = (kind, picture, name, ...content) =>
    ways.append(make("li", { class: `way way-${kind}` }, icon(picture), make("span", {}, hiddenText(`${name}: `), content)));
  if (office.address?.length) {
    way("address", "pin", words.address, ...office.address.flatMap((line, index) => (index ? [make("br"), line] : [line])));
  }
  if (office.phone) way("phone", "phone", words.phone, phoneLink(office.phone));
  if (office.email) way("email", "mail", words.email, make("a", { href: `mailto:${office.email}` }, breakable(office.email)));
  if (office.website) way("website", "out", words.website, link(chat, office.website, shortAddress(office.website)));
  if (ways.childElementCount) card.append(ways);
  if (office.certainty) card.append(make("p", { class: "certainty" }, office.certainty));
  if (office.why) {
    card.append(make("details", { class: "more why" }, make("summary", {}, words.why), make("p", { lang: office.lang }, office.why)));
  }
  if (office.hours?.length) {
    const rows = office.hours.map((row) => make("div", {}, make("dt", {}, row.days), make("dd", {}, row.text)));
    card.append(make("details", { class: "more" }, make("summary", {}, words.week), make("dl", { class: "week" }, rows)));
  }
  const more = make("p", { class: "more-links" });
  if (office.page) more.append(link(chat, office.page, words.officePage, "", "page"));
  if (office.vcard) more.append(link(chat, office.vcard, words.vcard, "", "card"));
  if (more.childElementCount) card.append(more);
  return card;
}

/** An address that may break after its @ rather than anywhere. */
function breakable(email) {
  const at = email.indexOf("@") + 1;
  return [email.slice(0, at), make("wbr"), email.slice(at)];
}

/** „Jetzt geöffnet (heute 8–12 Uhr)“: the state in colour, the rest beside it. */
const STATE =
  /^(Jetzt (?:geöffnet|geschlossen)|Heute (?:geschlossen|keine Termine)|Mittagspause|Rund um die Uhr geöffnet|Termine heute|Nächste Termine|Open now|Closed now|Closed today|Lunch break)(?![\wäöüß])(.*)$/s;

function today(office) {
  const [, state, rest] = STATE.exec(office.hours_today) ?? [null, office.hours_today, ""];
  const kind = office.open_now === null ? "unknown" : office.open_now ? "open" : "closed";
  const whole = /^ \(([^)]*)\)$/.exec(rest);
  const more = whole ? whole[1] : rest.replace(/^[.:,\s]+/, "");
  return make("p", { class: "hours" }, make("span", { class: `state state-${kind}` }, state), more && " ", more && make("span", {}, more));
}

function shortAddress(url) {
  const short = url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
  return short.length > 45 ? short.split("/")[0] : short;
}

// ---------------------------------------------------------------- services

function serviceBlock(service, chat) {
  const { words } = chat;
  const { lang } = service; // of what is not translated
  const section = (name, kind, ...content) => make("section", { class: `part part-${kind}` }, make("h4", {}, name), content);
  const list = (items, tag = "ul") => make(tag, { lang }, items.map((item) => make("li", {}, item)));
  const given = (name) => service[name] ?? [];
  const { online } = service;
  const fold = (name, ...content) => card.append(make("details", { class: "more" }, make("summary", {}, name), content));
  const card = make("article", { class: "card service-card", lang: service.language }, make("h3", {}, service.title));
  if (service.simple && chat.language === "de-simple") {
    card.append(make("div", { class: "short" }, service.simple.split("\n").filter((line) => line.trim()).map((line) => make("p", {}, withNumbers(line)))));
  } else if (service.short) {
    card.append(make("p", { class: "short", lang }, withNumbers(service.short)));
  }
  if (online?.url) card.append(make("p", { class: "online" }, link(chat, online.url, `${words.online}: ${online.title}`, "action", "out")));
  const parts = make("div", { class: "parts" });
  if (given("documents").length) parts.append(section(words.documents, "documents", list(service.documents)));
  if (given("fees").length) parts.append(section(words.fees, "fees", list(service.fees)));
  if (given("deadlines").length) parts.append(section(words.deadlines, "deadlines", list(service.deadlines)));
  if (service.processing_time) parts.append(section(words.duration, "duration", make("p", { lang }, service.processing_time)));
  if (online && !online.url) parts.append(section(words.online, "online", make("p", {}, online.title)));
  if (parts.childElementCount) card.append(parts);
  if (given("requirements").length) fold(words.requirements, list(service.requirements));
  if (given("procedure").length) fold(words.procedure, list(service.procedure, "ol"));
  if (given("forms").length) fold(words.forms, list(service.forms.map((form) => (form.url ? link(chat, form.url, form.title) : form.title))));
  if (given("not_to_confuse").length) {
    fold(words.confuse, service.not_to_confuse.map((each) => make("p", { lang }, make("b", {}, each.title), `: ${each.text}`)));
  }
  if (given("legal_basis").length) fold(words.legal, make("p", { lang }, service.legal_basis.join(" · ")));
  if (service.simple && chat.language === "de") fold(words.easy, service.simple.split("\n").map((line) => line.trim() && make("p", {}, line)));
  if (service.page) card.append(make("p", { class: "more-links" }, link(chat, service.page, words.servicePage, "", "page")));
  return card;
}

// ---------------------------------------------------------------- choices

function choicesBlock(block, chat) {
  const longest = Math.max(0, ...block.options.map((option) => option.label.length));
  const hints = block.options.some((option) => option.hint);
  const shape = hints ? "stacked" : block.options.length > 6 ? "many" : longest > 28 ? "stacked" : "few";
  const list = make("ul", { class: `choices choices-${shape}` });
  for (const option of block.options) {
    const press = (event) => {
      const { ariaDisabled, ariaPressed } = event.currentTarget;
      if (ariaDisabled === "true" || ariaPressed === "true") return;
      chat.closeChoices(list);
      markPressed(list, option.label);
      if (block.kind === "place") chat.setPlace(option.label);
      chat.say("", { kind: block.kind, value: option.value, label: option.label });
    };
    const content = make("span", {}, make("span", { class: "choice-label" }, option.label), option.hint && make("span", { class: "choice-hint" }, option.hint));
    list.append(make("li", {}, button("choice", content, press)));
  }
  if (block.kind !== "place") return list;
  if (chat.canLocate) list.append(make("li", {}, hereButton(chat)));
  return list;
}

function hereButton(chat) {
  return button(
    "choice choice-here",
    make("span", {}, make("span", { class: "choice-label" }, chat.words.here), make("span", { class: "choice-hint" }, chat.words.hereWhy)),
    (event) => event.currentTarget.getAttribute("aria-disabled") === "true" || chat.locate(),
    "target",
  );
}

export function markPressed(list, label) {
  for (const each of list.querySelectorAll(".choice")) {
    if (each.querySelector(".choice-label").textContent === label) each.setAttribute("aria-pressed", "true");
    else each.removeAttribute("aria-pressed");
  }
}

// ---------------------------------------------------------------- journeys

let boxes = 0;

function journeyBlock(journey, chat) {
  const { words } = chat;
  const ticked = memory.steps(journey.slug);
  const all = journey.steps.length;
  const bar = make("progress", { max: all, "aria-hidden": "true" });
  const said = make("p", { class: "steps-done" });
  const count = () => {
    const done = journey.steps.filter((step) => ticked.has(step.service)).length;
    bar.value = done;
    said.textContent = fill(words.steps, { done, all });
  };
  count();
  const askButton = (each) => {
    const ask = button("text-button", words.askStep, () => {
      chat.closeChoices();
      chat.say("", { kind: "service", value: each.service, label: each.title });
    });
    ask.setAttribute("aria-label", fill(words.askStepOf, { title: each.title }));
    return ask;
  };
  const step = (each) => {
    const id = `lotse-step-${++boxes}`;
    const box = make("input", {
      type: "checkbox",
      id,
      checked: ticked.has(each.service),
      onchange: () => {
        if (box.checked) ticked.add(each.service);
        else ticked.delete(each.service);
        memory.tick(journey.slug, ticked);
        count();
      },
    });
    const open = each.text ?? (each.missing === "place" ? words.needPlace : each.missing && words.needMore);
    const { lang } = journey;
    return make(
      "li",
      { class: "step" },
      make("span", { class: "step-box" }, box),
      make(
        "div",
        {},
        make("label", { for: id }, each.title),
        each.condition && make("p", { class: "step-condition" }, make("b", {}, words.onlyIf), " ", make("span", { lang }, each.condition)),
        each.hint && make("p", { lang }, each.hint),
        each.office && make("p", { class: "step-office" }, make("b", {}, `${words.office}: `), link(chat, each.office.page ?? `/stellen/${encodeURIComponent(each.office.id)}`, each.office.title)),
        each.certainty && make("p", { class: "step-condition" }, each.certainty),
        !each.office && open && make("p", { class: "step-office" }, open),
        askButton(each),
      ),
    );
  };
  return make(
    "article",
    { class: "card journey-card", "data-journey": journey.slug, lang: journey.language },
    make("h3", {}, journey.title),
    journey.short && make("p", { class: "short", lang: journey.lang }, withNumbers(journey.short)),
    make("div", { class: "steps-head" }, said, bar),
    make("ol", { class: "steps" }, journey.steps.map(step)),
    make("p", { class: "note" }, words.remembered),
    make(
      "p",
      { class: "more-links" },
      journey.page && link(chat, journey.page, words.journeyPage, "", "page"),
      journey.ics && link(chat, journey.ics, words.calendar, "", "calendar"),
    ),
  );
}

/** From one service to the whole journey it begins. */
function journeyHint(hint, chat) {
  const ask = () => {
    chat.closeChoices();
    chat.say("", { kind: "journey", value: hint.slug, label: hint.title });
  };
  return button("action", hint.text, ask, "list");
}

// ---------------------------------------------------------------- plain text

/** An answer as lines of text. */
export function plain(blocks, words) {
  return blocks.flatMap((block) => plainBlock(block, words)).filter(Boolean);
}

function plainBlock(block, words) {
  const named = (name, value) => value && `${name}: ${value}`;
  const listed = (name, items) => (items?.length ? [`${name}:`, ...items.map((item) => `• ${item}`)] : []);
  switch (block?.type) {
    case "text":
    case "note":
    case "journey_hint":
    case "language_card":
      return block.text.split("\n");
    case "handover":
      return [block.text, named(words.reference, block.reference), named(words.expected, block.expected)];
    case "link":
      return [`${block.label}: ${block.url.replace(/^tel:/, "")}`];
    case "choices":
      return block.options.map((option, index) => `${index + 1}. ${option.label}`);
    case "office":
      return [
        `${block.title}${block.role_label ? ` (${block.role_label})` : ""}`,
        block.address?.join(", "),
        named(words.phone, block.phone),
        named(words.email, block.email),
        block.website,
        block.hours_today,
        block.appointment,
        block.certainty,
        named(words.why.replace(/\?$/, ""), block.why),
      ];
    case "service":
      return [
        block.title,
        block.short,
        ...listed(words.documents, block.documents),
        ...listed(words.fees, block.fees),
        ...listed(words.deadlines, block.deadlines),
        named(words.duration, block.processing_time),
        ...listed(words.requirements, block.requirements),
        ...listed(words.procedure, block.procedure),
        block.online && `${words.online}: ${block.online.title} ${block.online.url}`.trim(),
      ];
    case "journey":
      return [
        block.title,
        block.short,
        ...block.steps.flatMap((step, index) => [
          `${index + 1}. ${step.title}`,
          step.condition && `${words.onlyIf} ${step.condition}`,
          step.office && `${words.office}: ${step.office.title}`,
        ]),
      ];
    default:
      return [];
  }
}
