// On the way to a person: asking, waiting, writing with somebody, leaving a message.

import { make, icon, button, hiddenText } from "./dom.js";
import { newId } from "./memory.js";
import { fill } from "./words.js";

const TITLES = { offered: "offeredTitle", waiting: "waitingTitle", active: "activeTitle", closed: "closedTitle", form: "formTitle" };
let forms = 0;

/** The block of a handover; one that is over in the meantime loses its buttons with `settle`. */
export function handoverBlock(block, chat) {
  const { words } = chat;
  if (!TITLES[block.state]) return null;
  const left = block.state === "closed" && block.reference;
  const title = block.state === "active" && block.name ? fill(words.activeWith, block) : words[TITLES[block.state]];
  const box = make(
    "section",
    { class: `card handover handover-${block.state}`, "data-state": block.state, "data-reference": block.reference },
    make("h3", {}, icon(left ? "check" : "person"), left ? words.sentTitle : title),
    block.office && !block.text?.includes(block.office) && make("p", { class: "handover-office" }, block.office),
    block.text && make("p", {}, block.text),
    left && facts(block, words),
  );
  if (block.state === "offered") box.append(actions(button("primary", words.ask, () => chat.askPerson())));
  if (block.state === "form") box.append(contactForm(block, chat));
  return box;
}

const actions = (...content) => make("p", { class: "form-actions" }, content);

function facts(block, words) {
  const rows = [
    [words.reference, block.reference],
    [words.expected, block.expected],
  ].filter(([, value]) => value);
  if (!rows.length) return null;
  return make("dl", { class: "facts" }, rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

/** An older handover in the log is history: nothing in it can be pressed. Who was in its form goes on in the newest. */
export function settle(log, newest) {
  for (const part of log.querySelectorAll(".handover form, .handover > .form-actions")) {
    if (newest.contains(part)) continue;
    const here = part.contains(part.getRootNode().activeElement);
    part.remove();
    if (!here) continue;
    newest.tabIndex = -1;
    newest.focus({ preventScroll: true });
  }
}

/** Who one is writing with, above the field; null when it is the machine. */
export function bar(block, chat) {
  const { words } = chat;
  if (block?.state === "waiting") {
    return make("p", { class: "person-bar" }, icon("person"), make("span", {}, make("b", {}, words.waitingTitle), block.office && ` · ${block.office}`));
  }
  if (block?.state !== "active") return null;
  const name = block.name || chat.clerk;
  const title = name ? fill(words.activeWith, { name }) : words.activeTitle;
  return make("p", { class: "person-bar person-bar-active" }, icon("person"), make("span", {}, make("b", {}, title), block.office && ` · ${block.office}`));
}

/** What is wrong with a form, field by field. */
export function faults(values, words) {
  return {
    ...(!values.message && { message: words.missingMessage }),
    ...(!values.reach && { reach: words.missingReach }),
  };
}

/** What goes to the gateway: an address with @ is an e-mail, anything else a telephone number. */
export const contact = ({ name, reach, message, consent }) => ({
  ...(name && { name }),
  [reach.includes("@") ? "email" : "phone"]: reach,
  message,
  consent,
});

function contactForm(block, chat) {
  const { words } = chat;
  const id = `lotse-form-${++forms}`;
  const field = (key, tag, label, attributes = {}, hint = "") => {
    const input = make(tag, { id: `${id}-${key}`, name: key, "aria-describedby": `${id}-${key}-said`, ...attributes });
    const said = make("p", { id: `${id}-${key}-said`, class: "field-said" }, hint);
    return [input, said, make("div", { class: "form-row" }, make("label", { for: input.id }, label), input, said)];
  };
  const [name, , nameRow] = field("name", "input", words.fieldName, { autocomplete: "name", maxlength: 100 });
  const [reach, reachSaid, reachRow] = field("reach", "input", words.fieldReach, { autocomplete: "email", maxlength: 200, required: true }, words.fieldReachHint);
  const [message, messageSaid, messageRow] = field("message", "textarea", words.fieldMessage, { rows: 4, maxlength: 4000, required: true });
  const consent = make("input", { type: "checkbox", id: `${id}-consent` });
  const consentRow = make(
    "div",
    { class: "form-row" },
    make("div", { class: "consent" }, consent, make("label", { for: consent.id }, words.consent)),
    make("p", { class: "field-said" }, words.dataUse, " ", make("a", { href: chat.api.url("/datenschutz"), target: "_blank", rel: "noopener" }, words.privacy, hiddenText(words.newWindow))),
  );
  const send = make("button", { type: "submit", class: "primary" }, words.submit);
  const once = newId(); // sent twice it is still one message
  const problem = make("p", { class: "form-problem", role: "alert" });
  const rows = { message: [message, messageSaid, ""], reach: [reach, reachSaid, words.fieldReachHint] };
  const check = (values) => {
    const wrong = faults(values, words);
    for (const [key, [input, said, hint]] of Object.entries(rows)) {
      said.textContent = wrong[key] ?? hint;
      said.classList.toggle("field-wrong", key in wrong);
      if (key in wrong) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    Object.entries(rows).find(([key]) => key in wrong)?.[1][0].focus();
    return !Object.keys(wrong).length;
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    const values = { name: name.value.trim(), reach: reach.value.trim(), message: message.value.trim(), consent: consent.checked };
    problem.textContent = "";
    if (send.getAttribute("aria-disabled") === "true" || !check(values)) return;
    send.setAttribute("aria-disabled", "true");
    try {
      const left = await chat.leave({ client_message_id: once, ...contact(values) });
      const done = chat.log.querySelector(`[data-reference="${CSS.escape(left.reference)}"]`) ?? handoverBlock({ ...block, ...left, state: "closed", text: "" }, chat);
      if (!done.isConnected) form.closest(".handover").replaceWith(done);
      done.tabIndex = -1;
      done.focus();
    } catch (failure) {
      problem.textContent = failure.status === 422 && failure.detail ? failure.detail : words.notSent;
      send.removeAttribute("aria-disabled");
    }
  };
  const form = make("form", { class: "contact", novalidate: true, onsubmit }, messageRow, reachRow, nameRow, consentRow, problem, actions(send));
  return form;
}
