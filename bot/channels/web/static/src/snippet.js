// The page that shows how to embed the widget: copying.

import { copy } from "./clipboard.js";

for (const press of document.querySelectorAll("[data-copy]")) {
  press.hidden = false;
  press.addEventListener("click", async () => {
    const done = await copy(document.getElementById(press.dataset.copy).value);
    document.getElementById("said").textContent = done ? "Kopiert." : "Das Kopieren hat nicht geklappt.";
  });
}
