// Elements. Nothing the server sends is ever read as HTML: all text goes through text nodes.

/** An element; children are nodes or strings, empty ones are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "" && child !== false));
  return element;
}

export const hiddenText = (text) => make("span", { class: "for-screen-readers" }, text);

/** A button; `name` is its class, `picture` an icon before the text. */
export function button(name, text, onclick, picture) {
  return make("button", { type: "button", class: name, onclick }, picture && icon(picture), text);
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  pin: "M12 21.5s7-6.3 7-11.5a7 7 0 0 0-14 0c0 5.2 7 11.5 7 11.5ZM12 12.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2Z",
  phone: "M4 4h4.5l2 5-2.5 1.8a12 12 0 0 0 5.2 5.2L15 13.5l5 2V20a1.5 1.5 0 0 1-1.6 1.5A16.5 16.5 0 0 1 2.5 5.6 1.5 1.5 0 0 1 4 4Z",
  mail: "M2.5 5h19v14h-19ZM3 7l9 6.5L21 7",
  out: "M10 5H5a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h13a1 1 0 0 0 1-1v-5M14 4h6v6M20 4l-9 9",
  copy: "M8.5 8.5h11v12h-11ZM15.5 8.5V4h-11v12h4",
  read: "M4 9.5v5h3.5L12 19V5L7.5 9.5ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  stop: "M6.5 6.5h11v11h-11Z",
  up: "M7.5 11 11 3.5c1.7 0 2.5 1 2.5 2.5v4h5.2c1.2 0 2 1 1.8 2.2l-1 6A2 2 0 0 1 17.5 20h-10ZM7.5 11H4v9h3.5",
  down: "M16.5 13 13 20.5c-1.7 0-2.5-1-2.5-2.5v-4H5.3c-1.2 0-2-1-1.8-2.2l1-6A2 2 0 0 1 6.5 4h10ZM16.5 13H20V4h-3.5",
  flag: "M5.5 21V4M5.5 4.5c4-2 8 2 13 0v9c-5 2-9-2-13 0",
  close: "M6 6l12 12M18 6 6 18",
  more: "M4 7h16M4 12h16M4 17h16",
  person: "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6",
  page: "M6 3h8l4 4v14H6ZM14 3v4h4M9 12h6M9 16h6",
  calendar: "M4 6h16v14.5H4ZM4 10.5h16M8.5 3v4M15.5 3v4",
  card: "M3 5h18v14H3ZM8 11.5a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.5 16c.3-2 4.7-2 5 0M14 10h4M14 14h4",
  check: "M4.5 12.5 10 18 20 6.5",
  restart: "M4.5 12a7.5 7.5 0 1 0 2.4-5.5L4.5 8.5M4.5 4v4.5H9",
  trash: "M4 6.5h16M9.5 6.5V4h5v2.5M6 6.5l1 14h10l1-14M10 10.5v6M14 10.5v6",
  print: "M7 8.5v-5h10v5M7 17.5H4v-9h16v9h-3M7 14h10v6.5H7Z",
  list: "M9 6h11M9 12h11M9 18h11M3.5 6l1 1 2-2M3.5 12l1 1 2-2M3.5 18l1 1 2-2",
  target: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
};

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A line drawing in the colour of the text, hidden from screen readers. */
export const icon = (name) => shape("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: PATHS[name] }));

/** The compass. */
export const logo = () =>
  shape(
    "svg",
    { class: "logo", viewBox: "0 0 64 64", "aria-hidden": "true" },
    shape("rect", { width: 64, height: 64, rx: 15, fill: "#0d4f5f" }),
    shape("circle", { cx: 32, cy: 32, r: 20, fill: "none", stroke: "#fff", "stroke-width": 3.5 }),
    shape("path", { d: "M44 20 36.4 36.4 27.6 27.6Z", fill: "#f2b134" }),
    shape("path", { d: "M20 44 36.4 36.4 27.6 27.6Z", fill: "#fff" }),
  );

// Long numbers stand for themselves; 110, 112 and 115 only after words that announce a number („nach 110 Jahren“ is none).
const SHORT = String.raw`(^|\n|(?:unter|Sie|sofort|die|der|ist|oder|und|is|call|number|Behördennummer|Notruf|Nummer|Telefon) )(11[025])(?![\d/-]|[.,]\d)`;
const LONG = String.raw`(^|[^\d.,/-])(116 ?\d{3}|0\d{2,5}(?:[ /-]\d+)+)(?!\d)`;
const NUMBERS = new RegExp(`(?:${SHORT}|${LONG})(?! ?(?:Euro|euro|Jahr|year|Tag|day|Prozent|per))`, "g");

export const phoneLink = (number, name) => make("a", { href: `tel:${number.replace(/[^\d+]/g, "")}`, class: name ?? "number" }, number);

/** Text as nodes, with telephone numbers to tap. */
export function withNumbers(text) {
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
