// The widget: a button and a dialog in somebody else's page. Everything lives in a shadow root; no cookie, no inline style.

import { Chat } from "./chat.js";
import { make, icon, logo } from "./dom.js";
import { fill, isLanguage, wordsOf } from "./words.js";

const CSS = "%CSS%";
const script = document.currentScript;
const NARROW = "(max-width: 40rem), (max-height: 30rem)";
const DARK = "(prefers-color-scheme: dark)";

function sheet(theme) {
  const dark = { light: "not all", dark: "all" }[theme];
  const made = new CSSStyleSheet();
  made.replaceSync(dark ? CSS.replaceAll(DARK, dark) : CSS);
  return made;
}

class LotseChat extends HTMLElement {
  #chat = null;
  #unread = 0;

  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet(this.dataset.theme)];
    this.#colour(this.dataset.color);
    // Sites that make 1rem ten pixels would shrink the chat.
    if (parseFloat(getComputedStyle(document.documentElement).fontSize) < 14) this.style.setProperty("--rem", "16px");
    this.language = [this.dataset.language, document.documentElement.lang?.slice(0, 2)].find(isLanguage) ?? "de";
    this.button = make("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.toggle() });
    this.count = make("span", { class: "unread", "aria-hidden": "true", hidden: true });
    this.closer = make("button", { type: "button", class: "closer", onclick: () => this.close() }, icon("close"));
    this.head = make(
      "div",
      { class: "head" },
      make("div", { class: "head-row" }, logo(), make("h2", { id: "lotse-title", class: "head-title" }, this.dataset.title || "Lotse"), this.closer),
    );
    this.dialog = make("dialog", { class: "dialog", "aria-labelledby": "lotse-title", onkeydown: (event) => this.#key(event), oncancel: (event) => this.#cancel(event) }, this.head);
    const place = this.dataset.position === "left" ? "at-left" : "at-right";
    root.append(make("aside", { class: `widget ${place}`, "aria-label": this.dataset.title || "Lotse" }, this.button, this.dialog));
    this.#label();
    matchMedia(NARROW).addEventListener("change", () => this.#refit());
    if (this.dataset.open === "true") this.open(false);
  }

  /** The county's colour for the head and the buttons, with black or white on it, whichever is easier to read. */
  #colour(colour) {
    const found = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(colour ?? "");
    if (!found) return;
    const [red, green, blue] = found.slice(1).map((part) => {
      const value = parseInt(part, 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
    this.style.setProperty("--own-brand", colour);
    this.style.setProperty("--own-on-brand", light ? "#000" : "#fff");
  }

  #label() {
    const words = this.#chat?.words ?? wordsOf(this.language);
    const text = this.dataset.label || words.open;
    const news = fill(this.#unread === 1 ? words.newOne : words.newMany, { count: this.#unread });
    this.count.hidden = !this.#unread;
    this.count.textContent = this.#unread;
    this.button.replaceChildren(logo(), make("span", { class: "launcher-label" }, text), this.count);
    if (this.#unread) this.button.setAttribute("aria-label", `${text}, ${news}`);
    else this.button.removeAttribute("aria-label");
    this.setAttribute("lang", words.lang);
    this.closer.setAttribute("aria-label", words.close);
  }

  /** The chat begins with the first opening: nothing is fetched or stored before. */
  #begin() {
    const { origin, examples, source } = this.dataset;
    const chat = new Chat({
      base: origin || new URL(script?.src ?? location.href).origin,
      language: this.language,
      examples: examples ? examples.split("|").map((each) => each.trim()).filter(Boolean) : null,
      source: source || location.hostname,
      reveal: (element, block) => this.#reveal(element, block),
      print: () => this.#print(),
      news: () => {
        if (this.dialog.open) return;
        this.#unread += 1;
        this.#label();
      },
    });
    chat.onlanguage = () => this.#label();
    this.head.append(chat.controls);
    this.scroller = make("div", { class: "scroller", tabindex: "-1" }, make("div", { class: "column" }, chat.body));
    this.dialog.append(this.scroller, chat.composer);
    this.#chat = chat;
    this.#label();
  }

  /** Over the page where there is little room, beside it otherwise. */
  #show() {
    if (matchMedia(NARROW).matches) this.dialog.showModal();
    else this.dialog.show();
  }

  toggle() {
    if (this.dialog.open) this.close();
    else this.open();
  }

  open(focus = true) {
    if (!this.#chat) this.#begin();
    const before = document.activeElement;
    if (!this.dialog.open) this.#show();
    if (!focus) {
      this.shadowRoot.activeElement?.blur(); // a dialog takes the focus by itself
      if (before !== this) before?.focus({ preventScroll: true });
    }
    this.button.setAttribute("aria-expanded", "true");
    this.#unread = 0;
    this.#label();
    if (focus) this.#chat.focus();
    this.#chat.fit();
    const last = this.#chat.log.lastElementChild;
    if (last) this.#reveal(last, "start");
  }

  close() {
    this.dialog.close();
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus({ preventScroll: true });
  }

  /** From a panel beside the page to the whole screen and back, when the window changes. */
  #refit() {
    if (!this.dialog.open) return;
    const focused = this.shadowRoot.activeElement;
    this.dialog.close();
    this.#show();
    focused?.focus({ preventScroll: true });
  }

  #key(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  #cancel(event) {
    event.preventDefault();
    this.close();
  }

  #reveal(element, block) {
    if (!this.dialog.open) return;
    const inner = getComputedStyle(this.scroller).overflowY === "auto";
    const scroller = inner ? this.scroller : this.dialog; // the whole dialog where there is little height
    const box = scroller.getBoundingClientRect();
    const rect = element.getBoundingClientRect();
    const shift = block === "start" ? rect.top - box.top - 12 : rect.bottom - box.bottom + 12;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scroller.scrollBy({ top: shift, behavior: calm ? "auto" : "smooth" });
  }

  /** The conversation alone, in a document of its own. */
  #print() {
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries({ position: "fixed", width: "0", height: "0", border: "0" })) frame.style.setProperty(name, value);
    frame.setAttribute("aria-hidden", "true");
    frame.tabIndex = -1;
    document.body.append(frame);
    const { contentDocument: paper, contentWindow: view } = frame;
    const style = new view.CSSStyleSheet();
    style.replaceSync(CSS.replaceAll(DARK, "not all"));
    paper.adoptedStyleSheets = [style];
    paper.title = this.dataset.title || "Lotse";
    paper.documentElement.lang = this.#chat.words.lang;
    paper.body.className = "paper";
    paper.body.append(paper.importNode(this.#chat.log, true));
    view.addEventListener("afterprint", () => setTimeout(() => frame.remove()));
    view.focus();
    view.print();
  }
}

function start() {
  if (!customElements.get("lotse-chat")) customElements.define("lotse-chat", LotseChat);
  if (document.querySelector("lotse-chat")) return; // the site has put it where it wants it
  const element = document.createElement("lotse-chat");
  Object.assign(element.dataset, script?.dataset ?? {});
  document.body.append(element);
}

if ("adoptedStyleSheets" in Document.prototype) {
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
}
