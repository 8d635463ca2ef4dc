// One conversation: what was said, what is under way, what comes by itself. The page and the widget both show this.

import { Api, Failure, Stream } from "./api.js";
import { markPressed, render } from "./blocks.js";
import { make, icon, button, hiddenText, withNumbers } from "./dom.js";
import { bar, settle } from "./handover.js";
import { memory, newId, TOKEN_KEY } from "./memory.js";
import { canLocate, placeChip, placeSaid, position } from "./place.js";
import { silence } from "./speech.js";
import { tools } from "./tools.js";
import { isLanguage, LANGUAGES, wordsOf } from "./words.js";

const SLOW_MS = 8_000;
const LONGEST_PAUSE_MS = 30_000;

export class Chat {
  /**
   * `base`: origin of the gateway, empty for its own page. `language`: to begin with. `examples`: questions for the welcome.
   * `reveal(element, block)`: scrolls; `print()`: prints; `news()`: something came that was not asked for; `source`: where this is.
   */
  constructor({ base = "", language = "de", examples = null, reveal, print, news = () => {}, source = "" }) {
    Object.assign(this, { api: new Api(base), examples, revealing: reveal, print, news, source });
    this.language = [memory.language, language].find(isLanguage) ?? "de";
    this.canLocate = canLocate();
    this.shown = new Set(); // ids of answers on the screen
    this.waiting = new Map(); // client_message_id: its exchange and who waits for it
    this.handover = null;
    this.clerk = "";
    this.#build();
    this.stream = new Stream(this.api, (kind, data) => this.#take(kind, data), () => this.waiting.size > 0 || this.withPerson);
    this.line = this.#restore(); // what has to be over before the next message is sent
    window.addEventListener("storage", (event) => {
      if (event.key === TOKEN_KEY && event.oldValue && !event.newValue) this.#deletedElsewhere();
    });
    window.addEventListener("online", () => this.#retryNow());
  }

  get withPerson() {
    return this.handover?.state === "waiting" || this.handover?.state === "active";
  }

  get token() {
    return memory.token;
  }

  // -------------------------------------------------------------- what is on the screen

  #build() {
    this.examplesList = make("ul", { class: "examples" });
    this.hello = make("h2", { id: "lotse-hello" });
    this.begin = make("p", {});
    this.welcome = make("section", { class: "welcome", "aria-labelledby": "lotse-hello" }, this.hello, this.begin, this.examplesList);
    this.log = make("div", { id: "log", class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions" });
    this.status = make("p", { id: "status", class: "status", role: "status" });
    this.body = make("div", { class: "talk" }, this.welcome, this.log, this.status);
    this.label = make("label", { for: "message" });
    this.field = make("textarea", { id: "message", rows: 1, enterkeyhint: "send", "aria-describedby": "hint", oninput: () => this.fit(), onkeydown: (event) => this.#key(event) });
    this.sendButton = make("button", { type: "submit", id: "send", class: "primary" });
    this.hint = make("p", { id: "hint", class: "hint" });
    this.person = make("div", { class: "person-box" });
    this.place = placeChip(this);
    this.form = make(
      "form",
      {
        class: "ask",
        autocomplete: "off",
        onsubmit: (event) => {
          event.preventDefault();
          this.#send();
        },
      },
      make("div", { class: "ask-head" }, this.label, this.place.chip),
      make("div", { class: "ask-row" }, this.field, this.sendButton),
      this.hint,
    );
    this.composer = make("section", { class: "composer" }, make("div", { class: "column" }, this.person, this.place.box, this.form));
    this.#buildControls();
    this.#speak();
  }

  #buildControls() {
    this.languageName = make("span", { class: "for-screen-readers" });
    this.languages = make("select", { class: "language", onchange: () => this.setLanguage(this.languages.value) });
    for (const [value, name] of Object.entries(LANGUAGES)) this.languages.append(make("option", { value, lang: value === "en" ? "en" : "de" }, name));
    this.menuButton = make("button", { type: "button", class: "menu-button", "aria-expanded": "false", onclick: () => this.#toggleMenu() });
    const item = (picture, act) => {
      const label = make("span", {});
      const entry = button("menu-item", label, () => {
        this.#toggleMenu(false);
        act();
      }, picture);
      return { entry, label };
    };
    this.items = {
      human: item("person", () => this.askPerson()),
      restart: item("restart", () => this.restart()),
      print: item("print", () => this.print()),
      forget: item("trash", () => this.forget()),
    };
    this.menu = make("ul", { class: "menu", hidden: true }, Object.values(this.items).map(({ entry }) => make("li", {}, entry)));
    this.controls = make(
      "div",
      {
        class: "controls",
        onkeydown: (event) => {
          if (event.key !== "Escape" || this.menu.hidden) return;
          event.stopPropagation();
          event.preventDefault();
          this.#toggleMenu(false);
          this.menuButton.focus();
        },
        onfocusout: (event) => {
          if (event.relatedTarget && !this.controls.contains(event.relatedTarget)) this.#toggleMenu(false);
        },
      },
      make("label", { class: "language-label" }, this.languageName, this.languages),
      make("div", { class: "menu-box" }, this.menuButton, this.menu),
    );
    document.addEventListener("click", (event) => {
      if (!event.composedPath().includes(this.controls)) this.#toggleMenu(false);
    });
  }

  #toggleMenu(open = this.menu.hidden) {
    this.menu.hidden = !open;
    this.menuButton.setAttribute("aria-expanded", String(open));
    if (open) this.menu.querySelector("button:not([hidden])").focus();
  }

  /** Everything on the page in the language of the conversation. */
  #speak() {
    const words = (this.words = wordsOf(this.language));
    for (const element of [this.body, this.composer, this.controls]) element.setAttribute("lang", words.lang);
    this.languages.value = this.language;
    this.languageName.textContent = words.language;
    this.menuButton.replaceChildren(icon("more"), make("span", {}, words.more));
    for (const [name, { label }] of Object.entries(this.items)) label.textContent = words[name];
    this.hello.textContent = words.hello;
    this.begin.textContent = words.begin;
    this.log.setAttribute("aria-label", words.log);
    this.composer.setAttribute("aria-label", words.form);
    this.sendButton.textContent = words.send;
    this.hint.textContent = words.hint;
    const ask = (example) => {
      this.closeChoices();
      this.focus(); // the example goes away with the welcome's place on the screen
      this.say(example);
    };
    this.examplesList.replaceChildren(
      ...(this.examples ?? words.examples).map((example) => make("li", {}, button("example", example, () => ask(example)))),
    );
    this.place.show(memory.place);
    this.#showPerson();
    this.onlanguage?.(words, this.language);
  }

  async setLanguage(language) {
    if (!isLanguage(language) || language === this.language) return;
    silence();
    this.language = memory.language = language;
    this.#speak();
    if (!this.token) return;
    try {
      await this.api.conversation(`/${this.token}/language`, "PUT", { language });
    } catch {
      // the next message carries it
    }
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  fit() {
    this.field.style.height = "auto";
    if (this.field.value) this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  #begun() {
    const empty = !this.log.childElementCount;
    this.items.forget.entry.parentElement.hidden = this.items.restart.entry.parentElement.hidden = empty;
    this.items.print.entry.parentElement.hidden = empty;
    this.body.classList.toggle("talking", !empty);
    this.composer.classList.toggle("talking", !empty);
  }

  #reveal(element, block) {
    this.revealing(element, block);
  }

  #exchange(job) {
    const wording = job.choice?.label || job.label || job.text || "";
    return make(
      "div",
      { class: "exchange", tabindex: "-1" },
      wording && make("p", { class: "question" }, hiddenText(`${this.words.you}: `), wording),
    );
  }

  #under(element, node) {
    element.querySelectorAll(".typing, .problem, .pending").forEach((old) => old.remove());
    if (node) element.append(node);
  }

  #showAnswer(element, answer) {
    this.shown.add(answer.id);
    const { words } = this;
    if (answer.outcome === "to_clerk" && !answer.blocks.length) {
      return this.#under(element, make("p", { class: "pending delivered" }, icon("check"), words.delivered));
    }
    const clerk = answer.author === "clerk";
    const lang = answer.blocks.find((block) => /^(office|service|journey)$/.test(block?.type) && block.language)?.language;
    if (clerk) this.clerk = answer.author_name || this.clerk;
    const who = clerk ? [make("b", {}, answer.author_name || words.clerk), answer.author_name && ` · ${words.clerk}`] : words.bot;
    const box = make("div", { class: clerk ? "answer answer-clerk" : "answer", "data-outcome": answer.outcome, lang }, make("p", { class: "who" }, clerk && icon("person"), make("span", {}, who)));
    let person = null;
    for (const block of answer.blocks) {
      const shown = render(block, this);
      if (shown) box.append(shown);
      if (block?.type === "handover" && shown) person = { block, shown };
    }
    this.#under(element, box);
    if (person) {
      settle(this.log, person.shown);
      this.#now(person.block);
    }
    const place = answer.blocks.find((block) => block?.place)?.place;
    if (place) this.setPlace(place);
    const row = tools(answer, this);
    if (row) setTimeout(() => box.append(row)); // later, so that it is not read out with the answer
  }

  #showTyping(element) {
    const words = make("span", {}, this.words.searching);
    const dots = make("span", { class: "dots" }, make("i"), make("i"), make("i"));
    this.#under(element, make("div", { class: "typing", "aria-hidden": "true" }, dots, words));
    const slow = setTimeout(() => (this.status.textContent = words.textContent = this.words.slow), SLOW_MS);
    return () => {
      clearTimeout(slow);
      if (this.status.textContent === this.words.slow) this.status.textContent = "";
    };
  }

  /** What went wrong under a question; the button goes on with `act`. */
  #showProblem(element, failure, label, act) {
    const { words } = this;
    const title = failure.status ? failure.title || words.failed : failure.title === "slow" ? words.tooLong : words.unreachable;
    const detail = failure.passing ? words.kept : failure.detail;
    const box = make(
      "div",
      { class: "problem", role: "alert" },
      make("p", {}, make("strong", {}, title)),
      detail && make("p", {}, withNumbers(detail)),
      button("again", label, act),
    );
    this.#under(element, box);
  }

  /** Buttons of older questions would answer the newest one, so they end. Those of `kept` stay: one may press another. */
  closeChoices(kept = null, within = this.log) {
    for (const list of within.querySelectorAll(".choices")) {
      if (list !== kept) list.querySelectorAll(".choice").forEach((choice) => choice.setAttribute("aria-disabled", "true"));
    }
    this.#prompt();
  }

  /** What the field is for: a question to Lotse, or a message to a person. */
  #prompt() {
    const { words } = this;
    this.label.textContent = this.withPerson ? words.fieldMessage : words.question;
    this.field.placeholder = this.withPerson ? words.writeHere : words.placeholder;
  }

  /** „Danke“ between question and answer changes nothing: the buttons before it still count. */
  #reopenBefore(element, answer) {
    const over = answer.question === this.words.restartSaid;
    const list = answer.outcome === "smalltalk" && !over && element.previousElementSibling?.querySelector(".choices");
    if (!list || list.querySelector("[aria-pressed]")) return;
    list.querySelectorAll(".choice").forEach((choice) => choice.removeAttribute("aria-disabled"));
  }

  // -------------------------------------------------------------- asking

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.field.value.trim();
    if (!text) return this.focus();
    this.closeChoices();
    this.field.value = "";
    this.fit();
    this.say(text);
  }

  /** A new message of the citizen. */
  say(text, choice = null, more = {}) {
    silence();
    const job = { id: newId(), text, choice, ...more };
    this.status.textContent = "";
    memory.unanswered = [...memory.unanswered, job];
    const element = this.#exchange(job);
    this.log.append(element);
    this.#begun();
    this.#enqueue(job, element);
    this.#reveal(element, "end");
  }

  #enqueue(job, element) {
    const mine = this.api.signal;
    this.#under(element, make("p", { class: "pending" }, this.words.soon));
    const waiting = { element };
    waiting.arrival = new Promise((resolve) => (waiting.arrived = resolve));
    this.waiting.set(job.id, waiting);
    this.line = this.line.then(async () => {
      if (mine.aborted) return;
      const answer = await this.#deliver(job, waiting, mine);
      if (mine.aborted || !answer) return;
      this.#settled(job);
      if (!this.shown.has(answer.id)) this.#showAnswer(element, answer);
      if (job.location && answer.question) this.setPlace(answer.question);
      const later = element.nextElementSibling;
      if (!later) this.#reopenBefore(element, answer);
      else if (!later.querySelector(".problem")) this.closeChoices(null, element);
      if (!later) {
        this.#reveal(element, "start");
        this.#askedPlace(answer);
      }
      this.stream.follow(this.token);
    });
  }

  /** Send until there is an answer, by whichever way it comes; null when somebody has to look at it first. */
  async #deliver(job, waiting, mine) {
    const { element } = waiting;
    let done = this.#showTyping(element);
    for (let tries = 0; ; tries += 1) {
      try {
        return await Promise.race([this.#post(job), waiting.arrival]);
      } catch (error) {
        if (mine.aborted) return null;
        const failure = error instanceof Failure ? error : new Failure(500);
        if (!failure.passing) {
          this.waiting.delete(job.id);
          this.#refused(job, element, failure);
          return null;
        }
        done();
        const pressed = await this.#pause(waiting, failure, tries, mine);
        if (mine.aborted) return null;
        if (!pressed) continue; // what went wrong stays on the screen, and is not announced again
        element.focus({ preventScroll: true }); // the button is gone
        done = this.#showTyping(element);
      } finally {
        done();
      }
    }
  }

  /** Wait before the next try: for some time, for the network, or for somebody to press the button (true). */
  #pause(waiting, failure, tries, mine) {
    const time = Math.max(failure.after * 1000, Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** tries));
    return new Promise((go) => {
      waiting.retry = () => go(false);
      if (!waiting.element.querySelector(".problem")) {
        this.#showProblem(waiting.element, failure, this.words.sendNow, () => go(true));
        if (!waiting.element.nextElementSibling) this.#reveal(waiting.element, "end");
      } else {
        waiting.element.querySelector(".again").onclick = () => go(true);
      }
      setTimeout(go, time, false);
      waiting.arrival.then(() => go(false));
      mine.addEventListener("abort", () => go(false), { once: true });
    });
  }

  #retryNow() {
    for (const { retry } of this.waiting.values()) retry?.();
  }

  #refused(job, element, failure) {
    if (failure.refused && job.location) {
      const list = element.previousElementSibling?.querySelector(".choices");
      element.remove();
      this.#settled(job);
      list?.querySelectorAll(".choice").forEach((choice) => choice.removeAttribute("aria-disabled"));
      this.status.textContent = failure.detail || this.words.notLocated;
      this.#reveal(this.status, "end");
      return this.focus();
    }
    if (failure.refused && job.text) {
      return this.#showProblem(element, failure, this.words.change, () => {
        element.remove();
        this.#settled(job);
        this.field.value = job.text;
        this.fit();
        this.focus();
        this.#begun();
      });
    }
    this.#showProblem(element, failure, this.words.sendAgain, () => {
      this.log.append(element); // its turn comes now, after all that was said since
      element.focus({ preventScroll: true });
      this.#enqueue(job, element);
    });
  }

  #settled(job) {
    this.waiting.delete(job.id);
    memory.unanswered = memory.unanswered.filter((each) => each.id !== job.id);
  }

  async #conversation() {
    if (!this.token) {
      const begun = await this.api.conversation("", "POST", { language: this.language, ...(this.source && { source: this.source }) });
      memory.token = begun.conversation;
      this.stream.follow(this.token, 0);
    }
    return this.token;
  }

  async #post(job) {
    const id = { client_message_id: job.id };
    if (job.human) return this.#again((token) => this.api.conversation(`/${token}/handover`, "POST", id));
    const message = { ...id, text: job.text, choice: job.choice, language: this.language };
    if (job.location) message.location = job.location;
    return this.#again((token) => this.api.conversation(`/${token}/messages`, "POST", message));
  }

  /** Ask something about our conversation; when it was deleted in the meantime, about a new one, once. */
  async #again(ask) {
    const mine = this.api.signal;
    const token = await this.#conversation();
    try {
      return await ask(token);
    } catch (failure) {
      if (failure.status !== 404 || mine.aborted || !(await this.#isGone(token))) throw failure;
    }
    if (this.token === token) memory.token = null;
    this.stream.follow(null, 0);
    return ask(await this.#conversation());
  }

  /** A 404 may also mean that this gateway does not know the address. */
  async #isGone(token) {
    try {
      await this.api.conversation(`/${token}/messages?after=2147483647`);
      return false;
    } catch (failure) {
      return failure.status === 404;
    }
  }

  // -------------------------------------------------------------- what comes by itself

  #take(kind, data) {
    if (kind === "answer") this.#received(data);
    else if (kind === "handover") this.#now(data);
    else if (kind === "gone") this.#goneElsewhere();
    else if (kind === "progress") this.#underway(data.client_message_id);
  }

  #received(answer) {
    this.stream.last = Math.max(this.stream.last, answer.id);
    if (this.shown.has(answer.id)) return;
    const waiting = this.waiting.get(answer.client_message_id);
    if (waiting) return waiting.arrived(answer);
    const element = this.#exchange({ text: answer.question });
    this.log.append(element);
    this.#begun();
    this.#showAnswer(element, answer);
    this.#reveal(element, "start");
    this.news();
  }

  /** The gateway has a message whose answer did not reach us: it comes by itself. */
  #underway(id) {
    const element = this.waiting.get(id)?.element;
    if (element?.querySelector(".problem")) this.#showTyping(element)();
  }

  /** Where the conversation stands on its way to a person. */
  #now(block) {
    this.handover = block?.state ? block : null;
    this.#showPerson();
    if (this.withPerson) this.stream?.hurry();
  }

  #showPerson() {
    const shown = bar(this.handover, this);
    this.person.replaceChildren(...(shown ? [shown] : []));
    this.#prompt();
  }

  askPerson() {
    this.closeChoices();
    this.focus();
    this.say("", null, { label: this.words.human, human: true });
  }

  /** Leave a message for a person; {reference, expected}. */
  async leave(form) {
    const left = await this.#again((token) => this.api.conversation(`/${token}/handover/form`, "POST", form));
    await this.stream.catchUp(); // the gateway has put the reference into the conversation
    return left;
  }

  rate(answer, rating, comment = "") {
    return this.api.conversation(`/${this.token}/feedback`, "POST", { answer, rating, ...(comment && { comment }) });
  }

  // -------------------------------------------------------------- where

  setPlace(place) {
    memory.place = place;
    this.place.show(place);
  }

  changePlace(place) {
    this.closeChoices();
    this.setPlace(place);
    this.say(placeSaid(place, this.words));
  }

  async locate() {
    const { words } = this;
    this.status.textContent = words.locating;
    try {
      const location = await position();
      this.status.textContent = "";
      this.closeChoices();
      this.say("", null, { label: words.hereSaid, location });
    } catch {
      this.status.textContent = words.notLocated;
      this.#reveal(this.status, "end");
      this.focus();
    }
  }

  #askedPlace(answer) {
    if (answer.blocks.some((block) => block?.type === "choices" && block.kind === "place")) this.field.placeholder = this.words.typePlace;
  }

  // -------------------------------------------------------------- before and after

  /** Show what was said before, and send what was left without an answer. */
  async #restore() {
    this.#begun();
    await null; // the constructor first
    const left = memory.unanswered;
    const known = this.token ? await this.#history() : { messages: [], open: [] };
    const answers = known.messages;
    for (const [index, answer] of answers.entries()) {
      const element = this.#exchange({ text: answer.question });
      this.#showAnswer(element, answer);
      const list = element.querySelector(".choices");
      const next = answers[index + 1];
      if (list && next) markPressed(list, next.question);
      if (next || this.log.childElementCount > index) this.closeChoices(null, element);
      this.log.insertBefore(element, this.log.children[index] ?? null); // somebody may have been quicker and asked already
      if (!element.nextElementSibling && !next) this.#reopenBefore(element, answer);
    }
    this.#now(known.handover);
    // What the gateway has and we no longer remember (another tab, a closed browser) is asked for again by its id.
    const others = known.open.filter((open) => !left.some((job) => job.id === open.client_message_id));
    for (const job of [...others.map((open) => ({ id: open.client_message_id, text: open.question })), ...left]) {
      if (answers.some((answer) => answer.client_message_id === job.id)) {
        this.#settled(job);
      } else if (!this.waiting.has(job.id)) {
        const element = this.#exchange(job);
        this.log.append(element);
        this.#enqueue(job, element);
      }
    }
    this.#begun();
    if (this.token) this.stream.follow(this.token, answers.at(-1)?.id ?? 0);
    if (this.log.lastElementChild) this.#reveal(this.log.lastElementChild, "start");
  }

  async #history() {
    this.log.setAttribute("aria-live", "off"); // nobody wants all of it read out again
    setTimeout(() => this.log.setAttribute("aria-live", "polite"), 1000);
    try {
      return await this.api.conversation(`/${this.token}`);
    } catch (failure) {
      if (failure.status === 404) {
        memory.token = null;
        this.setPlace("");
      }
      this.status.textContent = failure.status === 404 ? this.words.wasDeleted : this.words.notLoaded;
      return { messages: [], open: [], handover: null };
    }
  }

  restart() {
    this.closeChoices();
    this.setPlace("");
    this.focus();
    this.say(this.words.restartSaid, null, { label: this.words.restart });
  }

  /** Stop all that is under way, and an empty screen. */
  #halt() {
    silence();
    this.api.abort();
    this.stream.follow(null, 0);
    this.shown.clear();
    this.waiting.clear();
    this.handover = null;
    this.clerk = "";
    this.#showPerson();
    this.log.replaceChildren();
    this.#begun();
  }

  forget() {
    this.#halt();
    this.focus();
    this.#reveal(this.welcome, "start");
    this.line = (async () => {
      try {
        if (this.token) await this.api.conversation(`/${this.token}`, "DELETE");
      } catch {
        await this.#restore();
        this.status.textContent = this.words.notGone;
        this.#reveal(this.status, "end");
        return;
      }
      memory.clear();
      this.setPlace("");
      this.status.textContent = this.words.gone;
    })();
  }

  /** Deleted in another tab: here, too, nothing may stay on the screen. */
  #deletedElsewhere() {
    this.#halt();
    this.line = Promise.resolve();
    memory.unanswered = [];
    this.setPlace("");
    this.status.textContent = this.words.gone;
  }

  /** Deleted elsewhere, or its time is over. What is being sent begins a new conversation. */
  #goneElsewhere() {
    if (this.waiting.size) return;
    this.#halt();
    memory.clear();
    this.setPlace("");
    this.status.textContent = this.words.wasDeleted;
  }
}
