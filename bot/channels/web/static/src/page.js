// The full page: the chat between the page's own header and footer.

import { Chat } from "./chat.js";
import { memory } from "./memory.js";
import { isLanguage } from "./words.js";

const top = document.getElementById("top-row");
const title = document.getElementById("claim");
const asked = new URLSearchParams(location.search);
if (isLanguage(asked.get("sprache"))) memory.language = asked.get("sprache");

const chat = new Chat({
  source: asked.get("quelle")?.slice(0, 80) ?? "",
  reveal: (element, block) => element.scrollIntoView({ block }),
  print: () => window.print(),
});

chat.onlanguage = (words) => {
  document.documentElement.lang = words.lang;
  document.title = words.title;
  title.textContent = words.claim;
};
chat.onlanguage(chat.words);
top.append(chat.controls);
document.getElementById("main").append(chat.body);
document.getElementById("main").after(chat.composer);
document.documentElement.classList.add("ready");
