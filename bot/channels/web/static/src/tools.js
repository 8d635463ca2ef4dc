// What can be done with an answer: copy it, hear it, say whether it helped.

import { make, icon, button } from "./dom.js";
import { plain } from "./blocks.js";
import { copy } from "./clipboard.js";
import { memory } from "./memory.js";
import { canSpeak, silence, speak } from "./speech.js";

const RATED = new Set(["answer", "nothere", "journey", "fallback"]);
const QUIET = new Set(["smalltalk", "crisis", "to_clerk", "handover"]);

/** The row under an answer; null where there is nothing to do. A screen reader does not read it out with the answer. */
export function tools(answer, chat) {
  if (QUIET.has(answer.outcome) || !answer.blocks.length || answer.author === "system") return null;
  const { words } = chat;
  const said = make("p", { class: "tools-said", role: "status" });
  const row = make("div", { class: "tools", role: "group", "aria-label": words.tools });
  const box = make("div", { class: "tools-box", "aria-live": "off" }, row, said);
  if (canSpeak()) row.append(readButton(answer, chat, said));
  if (answer.outcome !== "choices" && answer.outcome !== "missing" && answer.outcome !== "ambiguous") row.append(copyButton(answer, chat, said));
  if (RATED.has(answer.outcome) && answer.id && answer.author !== "clerk") feedback(answer, chat, row, box, said);
  return row.childElementCount ? box : null;
}

function readButton(answer, chat, said) {
  const { words } = chat;
  const label = make("span", {}, words.read);
  const show = (reading) => {
    label.textContent = reading ? words.stop : words.read;
    press.setAttribute("aria-pressed", String(reading));
    press.firstChild.replaceWith(icon(reading ? "stop" : "read"));
  };
  const press = button(
    "tool",
    label,
    async () => {
      if (press.getAttribute("aria-pressed") === "true") return silence();
      show(true);
      if (await speak(plain(answer.blocks, words), words.lang, () => show(false))) return;
      show(false);
      said.textContent = words.noVoice;
    },
    "read",
  );
  press.setAttribute("aria-pressed", "false");
  return press;
}

function copyButton(answer, chat, said) {
  const { words } = chat;
  return button(
    "tool",
    words.copy,
    async () => {
      said.textContent = "";
      said.textContent = (await copy(plain(answer.blocks, words).join("\n"))) ? words.copied : words.notCopied;
    },
    "copy",
  );
}

function feedback(answer, chat, row, box, said) {
  const { words } = chat;
  const buttons = {};
  let form = null;
  const mark = (rating) => {
    for (const [kind, each] of Object.entries(buttons)) each.setAttribute("aria-pressed", String(kind === rating));
  };
  const send = async (rating, comment) => {
    said.textContent = "";
    try {
      await chat.rate(answer.id, rating, comment);
      mark(rating);
      memory.rated = { ...memory.rated, [answer.id]: rating };
      said.textContent = rating === "wrong" ? words.thanksWrong : words.thanks;
      return true;
    } catch {
      said.textContent = words.notSent;
      return false;
    }
  };
  const close = () => {
    form?.remove();
    form = null;
  };
  const ask = (rating) => {
    close();
    form = commentForm(chat, rating, {
      submit: async (comment) => {
        if ((rating === "wrong" || comment) && !(await send(rating, comment))) return;
        close();
        buttons[rating].focus();
      },
      cancel: () => {
        close();
        buttons[rating].focus();
      },
    });
    box.append(form);
    chat.revealing(form, "end");
    return form.querySelector("textarea");
  };
  const rate = async (rating) => {
    if (await send(rating)) ask(rating);
  };
  buttons.up = button("tool tool-thumb", make("span", {}, words.good), () => rate("up"), "up");
  buttons.down = button("tool tool-thumb", make("span", {}, words.bad), () => rate("down"), "down");
  buttons.wrong = button("tool", words.wrong, () => ask("wrong").focus(), "flag");
  row.append(buttons.up, buttons.down, buttons.wrong);
  mark(memory.rated?.[answer.id]);
}

let comments = 0;

function commentForm(chat, rating, { submit, cancel }) {
  const { words } = chat;
  const id = `lotse-comment-${++comments}`;
  const field = make("textarea", { id, rows: 2, maxlength: 1000, "aria-describedby": `${id}-hint` });
  return make(
    "form",
    {
      class: "comment",
      onsubmit: (event) => {
        event.preventDefault();
        submit(field.value.trim());
      },
      onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        cancel();
      },
    },
    make("label", { for: id }, rating === "wrong" ? words.wrongAsk : words.comment),
    field,
    make("p", { id: `${id}-hint`, class: "hint" }, words.noNames),
    make("p", { class: "form-actions" }, make("button", { type: "submit", class: "primary" }, words.submit), button("secondary", words.cancel, cancel)),
  );
}
