// What the browser remembers: which conversation is ours, what was not answered yet, language, ticked steps. No cookie.

const kept = {}; // where storage is switched off

function read(storage, key) {
  try {
    return window[storage].getItem(`lotse.${key}`);
  } catch {
    return kept[key] ?? null;
  }
}

function write(storage, key, value) {
  try {
    if (value === null) window[storage].removeItem(`lotse.${key}`);
    else window[storage].setItem(`lotse.${key}`, value);
  } catch {
    kept[key] = value;
  }
}

function parsed(storage, key, otherwise) {
  try {
    return JSON.parse(read(storage, key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export const TOKEN_KEY = "lotse.conversation";

export const memory = {
  get token() {
    const token = read("localStorage", "conversation");
    return token && /^[\w-]{20,64}$/.test(token) ? token : null;
  },
  set token(value) {
    write("localStorage", "conversation", value);
  },
  get unanswered() {
    const jobs = parsed("sessionStorage", "unanswered", []);
    return Array.isArray(jobs) ? jobs.filter((job) => typeof job?.id === "string") : [];
  },
  set unanswered(jobs) {
    write("sessionStorage", "unanswered", jobs.length ? JSON.stringify(jobs) : null);
  },
  get language() {
    return read("localStorage", "language");
  },
  set language(value) {
    write("localStorage", "language", value);
  },
  get place() {
    return read("localStorage", "place") ?? "";
  },
  set place(value) {
    write("localStorage", "place", value || null);
  },
  get rated() {
    return parsed("localStorage", "rated", {});
  },
  set rated(value) {
    write("localStorage", "rated", value && JSON.stringify(value));
  },
  /** The ticked steps of a journey. */
  steps(journey) {
    const all = parsed("localStorage", "steps", {});
    return new Set(Array.isArray(all[journey]) ? all[journey] : []);
  },
  tick(journey, steps) {
    write("localStorage", "steps", JSON.stringify({ ...parsed("localStorage", "steps", {}), [journey]: [...steps] }));
  },
  /** Forget the conversation and all that belongs to it; the language stays. */
  clear() {
    this.token = null;
    this.unanswered = [];
    this.place = "";
    this.rated = null;
    write("localStorage", "steps", null);
  },
};

export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""); // plain http
}
