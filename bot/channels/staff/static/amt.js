// The clerk's page without this script: it reloads itself, and forms are sent as forms. With it, the server tells what is new,
// and the page asks every two seconds where events do not come through.
"use strict";

const PAUSE_MS = 2000;
const CHECK_EVERY = 8; // pauses, while events do come
const DRAFTS = "lotse.amt.";
const byId = (id) => document.getElementById(id);
let leaving = false; // a form is on its way: what it changes must not call the page back

function reload() {
  if (!leaving) location.reload();
}

function toSignIn() {
  location.assign(`/amt/anmelden?weiter=${encodeURIComponent(location.pathname)}`);
}

async function load(url, kind = "text/html") {
  const response = await fetch(url, { headers: { Accept: kind }, credentials: "same-origin", redirect: "manual" });
  if (response.type === "opaqueredirect" || response.status === 401) toSignIn();
  if (!response.ok) throw new Error(String(response.status));
  return kind === "text/html" ? response.text() : response.json();
}

function complain(text = "Keine Verbindung zum Server. Ich versuche es weiter.") {
  byId("netz").textContent = text;
  byId("netz").hidden = false;
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

/** Show each new state of a box; gives a function that asks for it at once. `always`: also while nobody looks at the page. */
function follow(box, show, always) {
  let source = null;
  let told = 0;
  let pauses = 0;
  let asking = false;
  const alive = () => source?.readyState === EventSource.OPEN;
  const take = (html) => {
    byId("netz").hidden = true;
    show(html);
  };
  const listen = () => {
    if (!("EventSource" in window) || (source && source.readyState !== EventSource.CLOSED)) return;
    source = new EventSource(box.dataset.events);
    source.addEventListener("stand", (event) => {
      told += 1;
      take(JSON.parse(event.data).html);
    });
    source.addEventListener("abgemeldet", toSignIn);
    source.addEventListener("vorbei", () => reload());
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    const before = told;
    try {
      const html = await load(box.dataset.poll);
      if (told === before) take(html); // otherwise what was told is newer
    } catch (error) {
      if (["404", "409"].includes(error.message)) reload();
      else complain();
    } finally {
      asking = false;
    }
  };
  listen();
  setInterval(() => {
    pauses += 1;
    if (alive() && pauses % CHECK_EVERY) return;
    ask();
    if (pauses % CHECK_EVERY === 0 && (always || !document.hidden)) listen();
  }, PAUSE_MS);
  if (!always) {
    // A browser holds few connections to one server: a talk in the background asks instead.
    document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : listen()));
  }
  return ask;
}

function overview(list) {
  let shown = list.innerHTML;
  let waiting = Number(list.querySelector("[data-count]").dataset.count);
  const title = document.title;
  const announce = (count) => {
    document.title = count ? `(${count}) ${title}` : title;
    if (count > waiting) byId("ansage").textContent = count === 1 ? "Eine Person wartet." : `${count} Personen warten.`;
    waiting = count;
  };
  announce(waiting);
  const show = (html) => {
    const active = document.activeElement;
    const fresh = parsed(html);
    announce(Number(fresh.querySelector("[data-count]").dataset.count));
    if (html === shown || (active.tagName === "INPUT" && list.contains(active))) return;
    shown = html;
    list.replaceChildren(...fresh.childNodes);
    if (active.id) byId(active.id)?.focus();
  };
  follow(list, show, true);
}

function chat(log) {
  const lines = log.querySelector("ol");
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  toEnd();
  const show = (html) => {
    const fresh = parsed(html).querySelector("ol");
    if (fresh.dataset.state !== lines.dataset.state) { reload(); return; }
    const added = [...fresh.children].filter((line) => !byId(line.id));
    lines.append(...added);
    if (added.length) toEnd();
  };
  return follow(log, show, false);
}

/** What was written and not sent yet outlives a reload and an ended session, in this tab. */
function keptDraft(name) {
  return {
    read() {
      try { return JSON.parse(sessionStorage.getItem(name)) ?? {}; } catch { return {}; }
    },
    keep(text, key) {
      try {
        if (text) sessionStorage.setItem(name, JSON.stringify({ text, key }));
        else sessionStorage.removeItem(name);
      } catch { /* no storage: then it lives as long as the page */ }
    },
  };
}

function writing(form, ask, draft) {
  const text = form.elements.text;
  const key = form.elements.key;
  const kept = draft.read();
  if (kept.text && !text.value) {
    text.value = kept.text;
    key.value = kept.key; // sent before the session ended, it is not sent twice
  }
  const keep = () => draft.keep(text.value, key.value);
  text.addEventListener("input", keep);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (response.status === 401) { toSignIn(); return; }
      if (response.status === 422) { complain((await response.json()).detail); return; }
      if (!response.ok) { reload(); return; }
      text.value = "";
      key.value = crypto.getRandomValues(new Uint32Array(4)).join("-");
      keep();
      text.focus();
      await ask();
    } catch {
      complain(); // the same key again: it is not sent twice
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  return keep;
}

function inserting(form, found, text, keep) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(form));
    found.replaceChildren(...parsed(await load(`${form.dataset.results}?${query}`)).childNodes);
  });
  found.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-text]");
    if (!link) return;
    event.preventDefault();
    const answer = await load(link.dataset.text, "application/json");
    text.setRangeText(answer.text, text.selectionStart, text.selectionEnd, "end");
    keep();
    text.focus();
  });
}

/** The talk ended while something was being written: it can still be copied. */
function unsent(box, draft) {
  const { text } = draft.read();
  if (!text) return;
  box.querySelector(".said").textContent = text;
  box.hidden = false;
}

const list = byId("liste");
const log = byId("verlauf");
if (list) overview(list);
if (log) {
  const ask = chat(log);
  const form = byId("schreiben");
  const draft = keptDraft(log.dataset.draft);
  if (form) {
    const keep = writing(form, ask, draft);
    inserting(byId("suche"), byId("funde"), form.elements.text, keep);
  } else if (byId("entwurf")) {
    unsent(byId("entwurf"), draft);
  }
}
document.querySelector('form[action="/amt/abmelden"]')?.addEventListener("submit", () => {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(DRAFTS)) sessionStorage.removeItem(name);
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) leaving = true;
});
