// Where somebody lives: the chip that shows it, a typed place, or the device's position when asked for.

import { make, icon, button, hiddenText } from "./dom.js";
import { fill } from "./words.js";

/** Geolocation is offered only over TLS (or on the own machine). */
export const canLocate = () => window.isSecureContext && "geolocation" in navigator;

/** The position, rounded to three digits (some 100 metres). Rejects when it is refused or unknown. */
export function position() {
  return new Promise((resolve, reject) => {
    const round = (degrees) => Math.round(degrees * 1000) / 1000;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: round(coords.latitude), lon: round(coords.longitude) }),
      reject,
      { maximumAge: 600_000, timeout: 15_000 },
    );
  });
}

/** The chip with the place of the conversation; pressing it opens a small form. */
export function placeChip(chat) {
  const name = make("span", { class: "chip-name" });
  const intro = make("span", {});
  const chip = make("button", { type: "button", class: "chip", hidden: true, "aria-expanded": "false", onclick: () => (form ? close(true) : open()) }, icon("pin"), intro, name);
  const box = make("div", { class: "place-box" });
  let form = null;

  function show(place) {
    const { words } = chat;
    chip.hidden = !place;
    intro.replaceChildren(hiddenText(`${words.placeChange}. `), `${words.place}: `);
    name.textContent = place;
    if (!place) close(false);
  }

  function close(focus) {
    form?.remove();
    form = null;
    chip.setAttribute("aria-expanded", "false");
    if (focus) chip.focus();
  }

  function open() {
    form = placeForm(chat, {
      use: (place) => {
        close(false);
        chat.focus();
        chat.changePlace(place);
      },
      here: () => {
        close(false);
        chat.focus();
        chat.locate();
      },
      cancel: () => close(true),
    });
    box.append(form);
    chip.setAttribute("aria-expanded", "true");
    form.querySelector("input").focus();
  }

  return { box, chip, show };
}

function placeForm(chat, { use, here, cancel }) {
  const { words } = chat;
  const known = make("datalist", { id: "lotse-places" });
  const input = make("input", { id: "lotse-place", type: "text", list: known.id, autocomplete: "address-level2", maxlength: 80, required: true });
  let asked = 0;
  const suggest = async () => {
    const text = input.value.trim();
    const mine = ++asked;
    if (text.length < 2) return;
    try {
      const found = await chat.api.get(`/api/v1/places?q=${encodeURIComponent(text)}`);
      if (mine !== asked) return;
      const names = (Array.isArray(found) ? found : found.items ?? []).map((each) => each.label ?? each.name ?? "");
      known.replaceChildren(...[...new Set(names)].slice(0, 8).map((value) => make("option", { value })));
    } catch {
      // suggestions are a convenience
    }
  };
  let pause = 0;
  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(suggest, 200);
  });
  return make(
    "form",
    {
      class: "place-form",
      onsubmit: (event) => {
        event.preventDefault();
        if (input.value.trim()) use(input.value.trim());
        else input.focus();
      },
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        cancel();
      },
    },
    make("label", { for: input.id }, words.placeAsk),
    input,
    known,
    make("button", { type: "submit", class: "primary" }, words.placeUse),
    canLocate() && button("secondary", words.here, here, "target"),
    button("secondary", words.cancel, cancel),
  );
}

export const placeSaid = (place, words) => fill(words.placeSaid, { place });
