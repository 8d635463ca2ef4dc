// The clerk's page without this script: it reloads itself, and forms are sent as forms. With it, it asks every two seconds.
"use strict";

const PAUSE_MS = 2000;
const byId = (id) => document.getElementById(id);

async function load(url, kind = "text/html") {
  const response = await fetch(url, { headers: { Accept: kind }, credentials: "same-origin", redirect: "manual" });
  if (response.type === "opaqueredirect" || response.status === 401) location.assign("/amt/anmelden");
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

function keepAsking(update) {
  let running = false;
  const ask = async () => {
    if (running) return;
    running = true;
    try {
      await update();
      byId("netz").hidden = true;
    } catch (error) {
      if (["404", "409"].includes(error.message)) location.reload();
      else complain();
    } finally {
      running = false;
    }
  };
  setInterval(ask, PAUSE_MS);
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
  keepAsking(async () => {
    const html = await load(list.dataset.poll);
    const active = document.activeElement;
    const fresh = parsed(html);
    announce(Number(fresh.querySelector("[data-count]").dataset.count));
    if (html === shown || (active.tagName === "INPUT" && list.contains(active))) return;
    shown = html;
    list.replaceChildren(...fresh.childNodes);
    if (active.id) byId(active.id)?.focus();
  });
}

function chat(log) {
  const lines = log.querySelector("ol");
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  toEnd();
  return keepAsking(async () => {
    const fresh = parsed(await load(log.dataset.poll)).querySelector("ol");
    if (fresh.dataset.state !== lines.dataset.state) { location.reload(); return; }
    const added = [...fresh.children].filter((line) => !byId(line.id));
    lines.append(...added);
    if (added.length) toEnd();
  });
}

function writing(form, ask) {
  const text = form.elements.text;
  const key = form.elements.key;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (response.status === 422) { complain((await response.json()).detail); return; }
      if (!response.ok) { location.reload(); return; }
      text.value = "";
      key.value = crypto.getRandomValues(new Uint32Array(4)).join("-");
      text.focus();
      await ask();
    } catch {
      complain(); // the same key again: it is not sent twice
    }
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
}

function inserting(form, found, text) {
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
    text.focus();
  });
}

const list = byId("liste");
const log = byId("verlauf");
if (list) overview(list);
if (log) {
  const ask = chat(log);
  const form = byId("schreiben");
  if (form) {
    writing(form, ask);
    inserting(byId("suche"), byId("funde"), form.elements.text);
  }
}
