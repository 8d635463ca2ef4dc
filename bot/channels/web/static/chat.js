// The chat page. Nothing the server sends is ever read as HTML: all text goes through textContent.

const API = "/api/v1/conversations";
const TOKEN = "lotse.conversation"; // localStorage: the key to the conversation
const UNANSWERED = "lotse.unanswered"; // sessionStorage: what was written but not answered yet
const PATIENCE_MS = 60_000;
const SLOW_MS = 8_000;

const EXAMPLES = [
  "Ich ziehe nach Pfarrhausen, wo muss ich hin?",
  "Personalausweis verlängern in Ammerfeld",
  "Schlagloch melden",
  "Ich möchte dem Landratsamt Möbel verkaufen",
];

const log = document.getElementById("log");
const status = document.getElementById("status");
const composer = document.getElementById("composer");
const field = document.getElementById("message");
const forgetButton = document.getElementById("forget");

// ---------------------------------------------------------------- elements

/** An element; children are nodes or strings, empty ones are left out. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const button = (name, text, onclick) => make("button", { type: "button", class: name, onclick }, text);
const hiddenText = (text) => make("span", { class: "for-screen-readers" }, text);
const telephone = (number) => `tel:${number.replace(/[^\d+]/g, "")}`;
const phoneLink = (number, name) => make("a", { href: telephone(number), class: name ?? "number" }, number);

/** A link, or plain text when the address is none that a citizen should be sent to. */
function link(url, label, name) {
  let address;
  try {
    address = new URL(url);
  } catch {
    return make("span", {}, label);
  }
  if (address.protocol === "tel:" || address.protocol === "mailto:") {
    return make("a", { href: address.href, class: name }, label);
  }
  if (address.protocol !== "https:" && address.protocol !== "http:") return make("span", {}, label);
  const there = { href: address.href, class: name, target: "_blank", rel: "noopener noreferrer" };
  return make("a", there, label, hiddenText(" (neues Fenster)"));
}

// Long numbers stand for themselves; 110, 112 and 115 only after words that announce a number („nach 110 Jahren“ is none).
const SHORT = String.raw`(^|\n|(?:unter|Sie|sofort|die|der|ist|oder|und|Behördennummer|Notruf|Nummer|Telefon) )(11[025])(?![\d/-]|[.,]\d)`;
const LONG = String.raw`(^|[^\d.,/-])(116 ?\d{3}|0\d{2,5}(?:[ /-]\d+)+)(?!\d)`;
const NUMBERS = new RegExp(`(?:${SHORT}|${LONG})(?! ?(?:Euro|Jahr|Tag|Prozent))`, "g");

/** Text as nodes, with telephone numbers to tap. */
function withNumbers(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(NUMBERS)) {
    const number = found[2] ?? found[4];
    const start = found.index + found[0].length - number.length;
    nodes.push(text.slice(end, start), phoneLink(number));
    end = start + number.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

// ---------------------------------------------------------------- blocks

const RENDERERS = {
  text: textBlock,
  office: officeBlock,
  service: serviceBlock,
  choices: choicesBlock,
  link: (block) => link(block.url, block.label, block.url.startsWith("tel:") ? "action action-phone" : "action"),
  note: (block) => make("p", { class: "note" }, block.text),
};

function textBlock(block) {
  const urgent = block.tone === "urgent";
  const box = make("div", { class: urgent ? "text urgent" : "text" });
  let paragraph = null;
  let numbers = null;
  for (const line of block.text.split("\n")) {
    const row = /^([\d ]{3,}) – (.+)$/.exec(line);
    if (row) {
      if (!numbers) box.append((numbers = make("ul", { class: "numbers" })));
      paragraph = null;
      numbers.append(make("li", {}, phoneLink(row[1]), make("span", {}, row[2])));
    } else if (line.trim()) {
      numbers = null;
      if (paragraph) paragraph.append(make("br"), ...withNumbers(line));
      else box.append((paragraph = make("p", {}, ...withNumbers(line))));
    } else {
      paragraph = null;
    }
  }
  return box;
}

function officeBlock(office) {
  const badges = make(
    "p",
    { class: "badges" },
    office.role_label && make("span", { class: office.role === "zustaendig" ? "badge badge-main" : "badge" }, office.role_label),
    office.appointment && make("span", { class: "badge badge-appointment" }, office.appointment),
  );
  const card = make("article", { class: "card office-card", "data-office": office.id });
  if (badges.childElementCount) card.append(badges);
  card.append(make("h2", {}, office.title));
  if (office.hours_today) card.append(hours(office));
  const ways = make("ul", { class: "ways" });
  const way = (kind, name, ...content) =>
    ways.append(make("li", { class: `way way-${kind}` }, hiddenText(`${name}: `), make("span", {}, ...content)));
  if (office.address.length) {
    way("address", "Adresse", ...office.address.flatMap((line, index) => (index ? [make("br"), line] : [line])));
  }
  if (office.phone) way("phone", "Telefon", phoneLink(office.phone));
  if (office.email) way("email", "E-Mail", make("a", { href: `mailto:${office.email}` }, ...breakable(office.email)));
  if (office.website) way("website", "Internet", link(office.website, shortAddress(office.website)));
  if (ways.childElementCount) card.append(ways);
  if (office.certainty) card.append(make("p", { class: "certainty" }, office.certainty));
  if (office.why) {
    card.append(make("details", { class: "why" }, make("summary", {}, "Warum diese Stelle?"), make("p", {}, office.why)));
  }
  return card;
}

/** An address that may break after its @ rather than anywhere. */
function breakable(email) {
  const at = email.indexOf("@") + 1;
  return [email.slice(0, at), make("wbr"), email.slice(at)];
}

/** „Jetzt geöffnet (heute 8–12 Uhr)“: the state in colour, the rest beside it. */
const STATE = /^(Jetzt (?:geöffnet|geschlossen)|Heute (?:geschlossen|keine Termine)|Mittagspause|Rund um die Uhr geöffnet|Termine heute|Nächste Termine)(.*)$/s;

function hours(office) {
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

function serviceBlock(service) {
  const section = (name, kind, ...content) => make("section", { class: `part part-${kind}` }, make("h3", {}, name), ...content);
  const list = (items) => make("ul", {}, ...items.map((item) => make("li", {}, item)));
  const { requirements, documents, procedure, fees, deadlines, online, forms, legal_basis: legal } = service;
  const fold = (name, ...content) => card.append(make("details", { class: "more" }, make("summary", {}, name), ...content));
  const card = make("article", { class: "card service-card" }, make("h2", {}, service.title));
  if (service.short) card.append(make("p", { class: "short" }, ...withNumbers(service.short)));
  if (online?.url) {
    card.append(make("p", { class: "online" }, link(online.url, `Online: ${online.title}`, "action action-online")));
  }
  const parts = make("div", { class: "parts" });
  if (documents.length) parts.append(section("Das bringen Sie mit", "documents", list(documents)));
  if (fees.length) parts.append(section("Kosten", "fees", list(fees)));
  if (deadlines.length) parts.append(section("Fristen", "deadlines", list(deadlines)));
  if (service.processing_time) parts.append(section("So lange dauert es", "duration", make("p", {}, service.processing_time)));
  if (online && !online.url) parts.append(section("Online", "online", make("p", {}, online.title)));
  if (parts.childElementCount) card.append(parts);
  if (requirements.length) fold("Voraussetzungen", list(requirements));
  if (procedure.length) fold("So geht es", make("ol", {}, ...procedure.map((step) => make("li", {}, step))));
  if (forms.length) fold("Formulare", make("ul", {}, ...forms.map((form) => make("li", {}, form.url ? link(form.url, form.title) : form.title))));
  if (service.not_to_confuse.length) {
    fold("Nicht verwechseln", ...service.not_to_confuse.map((each) => make("p", {}, make("b", {}, each.title), `: ${each.text}`)));
  }
  if (legal.length) fold("Gesetze dazu", make("p", {}, legal.join(" · ")));
  return card;
}

function choicesBlock(block) {
  const longest = Math.max(...block.options.map((option) => option.label.length));
  const shape = block.options.length > 6 ? "many" : longest > 28 ? "stacked" : "few";
  const list = make("ul", { class: `choices choices-${shape}` });
  for (const option of block.options) {
    const press = (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") === "true") return;
      closeChoices(list);
      markPressed(list, option.label);
      say("", { kind: block.kind, value: option.value, label: option.label });
    };
    list.append(make("li", {}, button("choice", option.label, press)));
  }
  return list;
}

/** Buttons of older questions would answer the newest one, so they end. Those of `kept` stay: one may press another. */
function closeChoices(kept = null, within = log) {
  for (const list of within.querySelectorAll(".choices")) {
    if (list !== kept) list.querySelectorAll(".choice").forEach((choice) => choice.setAttribute("aria-disabled", "true"));
  }
}

/** „Danke“ between question and answer changes nothing: the buttons before it still count. */
function reopenBefore(element, answer) {
  const list = answer.outcome === "smalltalk" && element.previousElementSibling?.querySelector(".choices");
  if (!list || list.querySelector("[aria-pressed]")) return;
  list.querySelectorAll(".choice").forEach((choice) => choice.removeAttribute("aria-disabled"));
}

function markPressed(list, label) {
  for (const each of list.querySelectorAll(".choice")) {
    if (each.textContent === label) each.setAttribute("aria-pressed", "true");
    else each.removeAttribute("aria-pressed");
  }
}

// ---------------------------------------------------------------- exchanges: a question and its answer

function exchange(job) {
  return make("div", { class: "exchange", tabindex: "-1" }, make("p", { class: "question" }, hiddenText("Sie: "), wording(job)));
}

const wording = (job) => job.choice?.label || job.text || "";

function begun() {
  forgetButton.hidden = !log.childElementCount;
  document.body.classList.toggle("talking", !forgetButton.hidden);
}

function under(element, node) {
  element.querySelectorAll(".typing, .problem, .waiting").forEach((old) => old.remove());
  if (node) element.append(node);
}

function showAnswer(element, answer) {
  const box = make("div", { class: "answer", "data-outcome": answer.outcome }, make("p", { class: "who" }, "Lotse"));
  for (const block of answer.blocks) {
    const render = RENDERERS[block.type];
    if (render) box.append(render(block));
  }
  under(element, box);
}

function showTyping(element) {
  const words = make("span", { class: "typing-text" }, "Ich suche die richtige Stelle …");
  under(element, make("div", { class: "typing" }, make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")), words));
  const slow = setTimeout(() => (words.textContent = "Das dauert gerade etwas länger. Bitte bleiben Sie da."), SLOW_MS);
  return () => clearTimeout(slow);
}

function showProblem(element, job, failure) {
  const refused = [400, 413, 422].includes(failure.status); // the same again would be refused again
  const way =
    refused && job.text
      ? button("again", "Text ändern", () => {
          element.remove();
          settled(job);
          field.value = job.text;
          fit();
          field.focus();
        })
      : button("again", "Nochmal senden", () => {
          log.append(element); // its turn comes now, after all that was said since
          element.focus({ preventScroll: true });
          enqueue(job, element);
        });
  under(
    element,
    make(
      "div",
      { class: "problem", role: "alert" },
      make("p", {}, make("strong", {}, failure.title)),
      failure.detail && make("p", {}, ...withNumbers(failure.detail)),
      way,
    ),
  );
}

const reveal = (element, block) => element.scrollIntoView({ block });

// ---------------------------------------------------------------- talking to the server

class Failure extends Error {
  constructor(status, title, detail = "") {
    super(title);
    Object.assign(this, { status, title, detail });
  }
}

let stop = new AbortController(); // „Verlauf löschen“ ends what is under way

async function call(path, method = "GET", body = undefined) {
  let response;
  try {
    response = await fetch(API + path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.any ? AbortSignal.any([stop.signal, AbortSignal.timeout(PATIENCE_MS)]) : stop.signal,
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (error.name === "TimeoutError") throw new Failure(0, "Die Antwort dauert zu lange.", "Ihre Nachricht ist noch da. Bitte senden Sie sie noch einmal.");
    throw new Failure(0, "Lotse ist gerade nicht erreichbar.", "Ihre Nachricht ist noch da. Bitte prüfen Sie Ihre Internet-Verbindung.");
  }
  const problem = await response.json().catch(() => ({}));
  const title = typeof problem.title === "string" ? problem.title : "Bei uns ist ein Fehler aufgetreten.";
  throw new Failure(response.status, title, typeof problem.detail === "string" ? problem.detail : "");
}

async function conversation() {
  return memory.token ?? (memory.token = (await call("", "POST")).conversation);
}

async function post(job) {
  const message = { client_message_id: job.id, text: job.text, choice: job.choice };
  const mine = stop.signal;
  try {
    return await call(`/${await conversation()}/messages`, "POST", message);
  } catch (failure) {
    if (failure.status !== 404 || mine.aborted) throw failure;
  }
  memory.token = null; // deleted in the meantime; begin a new one, once
  return await call(`/${await conversation()}/messages`, "POST", message);
}

// ---------------------------------------------------------------- what the browser remembers

const memory = {
  fallback: {},
  read(storage, key) {
    try {
      return window[storage].getItem(key);
    } catch {
      return this.fallback[key] ?? null; // storage switched off
    }
  },
  write(storage, key, value) {
    try {
      if (value === null) window[storage].removeItem(key);
      else window[storage].setItem(key, value);
    } catch {
      this.fallback[key] = value;
    }
  },
  get token() {
    const token = this.read("localStorage", TOKEN);
    return token && /^[\w-]{20,64}$/.test(token) ? token : null;
  },
  set token(value) {
    this.write("localStorage", TOKEN, value);
  },
  get unanswered() {
    try {
      const jobs = JSON.parse(this.read("sessionStorage", UNANSWERED) ?? "[]");
      return Array.isArray(jobs) ? jobs.filter((job) => typeof job?.id === "string") : [];
    } catch {
      return [];
    }
  },
  set unanswered(jobs) {
    this.write("sessionStorage", UNANSWERED, jobs.length ? JSON.stringify(jobs) : null);
  },
};

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""); // plain http
}

// ---------------------------------------------------------------- one message after the other

let line = restore(); // what has to be over before the next message is sent

/** A new message of the citizen. */
function say(text, choice = null) {
  const job = { id: newId(), text, choice };
  status.textContent = "";
  memory.unanswered = [...memory.unanswered, job];
  const element = exchange(job);
  log.append(element);
  begun();
  enqueue(job, element);
  reveal(element, "end");
}

function enqueue(job, element) {
  const mine = stop.signal;
  under(element, make("p", { class: "waiting" }, "Wird gleich gesendet"));
  line = line.then(async () => {
    if (mine.aborted) return;
    const done = showTyping(element);
    try {
      const answer = await post(job);
      if (mine.aborted) return;
      settled(job);
      showAnswer(element, answer);
      const later = element.nextElementSibling;
      if (!later) reopenBefore(element, answer);
      else if (!later.querySelector(".problem")) closeChoices(null, element);
    } catch (failure) {
      if (mine.aborted) return;
      showProblem(element, job, failure instanceof Failure ? failure : new Failure(500, "Bei uns ist ein Fehler aufgetreten."));
    } finally {
      done();
    }
    if (!element.nextElementSibling) reveal(element, "start");
  });
}

function settled(job) {
  memory.unanswered = memory.unanswered.filter((each) => each.id !== job.id);
}

/** Show what was said before, and send what was left without an answer. */
async function restore() {
  await null; // the rest of this file first
  const left = memory.unanswered;
  const answers = memory.token ? await history() : [];
  for (const [index, answer] of answers.entries()) {
    const element = exchange({ text: answer.question });
    showAnswer(element, answer);
    const list = element.querySelector(".choices");
    const next = answers[index + 1];
    if (list && next) markPressed(list, next.question);
    if (next || log.childElementCount > index) closeChoices(null, element);
    log.insertBefore(element, log.children[index] ?? null); // somebody may have been quicker and asked already
    if (!element.nextElementSibling && !next) reopenBefore(element, answer);
  }
  for (const job of left) {
    if (answers.some((answer) => answer.client_message_id === job.id)) {
      settled(job);
    } else {
      const element = exchange(job);
      log.append(element);
      enqueue(job, element);
    }
  }
  begun();
  if (log.lastElementChild) reveal(log.lastElementChild, "start");
}

async function history() {
  log.setAttribute("aria-live", "off"); // nobody wants all of it read out again
  setTimeout(() => log.setAttribute("aria-live", "polite"), 1000);
  try {
    return await call(`/${memory.token}/messages`);
  } catch (failure) {
    if (failure.status === 404) memory.token = null;
    status.textContent =
      failure.status === 404
        ? "Ihr früheres Gespräch wurde gelöscht. Sie können einfach neu fragen."
        : "Ihr früheres Gespräch lässt sich gerade nicht laden. Sie können trotzdem fragen.";
    return [];
  }
}

/** Stop all that is under way, and an empty screen. */
function halt() {
  stop.abort();
  stop = new AbortController();
  log.replaceChildren();
  begun();
}

function forget() {
  halt();
  field.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  line = (async () => {
    try {
      if (memory.token) await call(`/${memory.token}`, "DELETE");
    } catch {
      await restore();
      status.textContent = "Das Löschen hat nicht geklappt. Bitte versuchen Sie es noch einmal.";
      reveal(status, "end");
      return;
    }
    memory.token = null;
    memory.unanswered = [];
    status.textContent = "Alles gelöscht.";
  })();
}

// ---------------------------------------------------------------- the page

function fit() {
  field.style.height = "auto";
  if (field.value) field.style.height = `${field.scrollHeight + 2}px`;
}

function send() {
  const text = field.value.trim();
  if (!text) {
    field.focus();
    return;
  }
  closeChoices();
  field.value = "";
  fit();
  say(text);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
forgetButton.addEventListener("click", forget);
window.addEventListener("storage", (event) => {
  if (event.key !== TOKEN || event.newValue || !event.oldValue) return;
  halt(); // deleted in another tab: here, too, nothing may stay on the screen
  line = Promise.resolve();
  memory.unanswered = [];
  status.textContent = "Alles gelöscht.";
});

for (const example of EXAMPLES) {
  const ask = () => {
    closeChoices();
    say(example);
  };
  document.getElementById("examples").append(make("li", {}, button("example", example, ask)));
}
composer.hidden = false;
