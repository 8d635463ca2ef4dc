// Talking to the gateway: requests, and what it sends by itself.

const PATIENCE_MS = 60_000;

/** A request that did not succeed; `status` 0 when the gateway was not reached. */
export class Failure extends Error {
  constructor(status, title = "", detail = "", after = 0) {
    super(title);
    Object.assign(this, { status, title, detail, after });
  }

  /** The same request may succeed a little later. */
  get passing() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }

  /** The same request would be refused again. */
  get refused() {
    return [400, 413, 422].includes(this.status);
  }
}

export class Api {
  /** `base` is the gateway's origin; empty for the page itself. */
  constructor(base = "") {
    this.base = base;
    this.ends = new AbortController(); // „Verlauf löschen“ ends what is under way
  }

  get signal() {
    return this.ends.signal;
  }

  abort() {
    this.ends.abort();
    this.ends = new AbortController();
  }

  /** A link into the gateway's own pages. */
  url(path) {
    return new URL(path, this.base || location.origin).href;
  }

  async get(path) {
    return this.#call(path, "GET");
  }

  async conversation(path, method = "GET", body = undefined) {
    return this.#call(`/api/v1/conversations${path}`, method, body);
  }

  async #call(path, method, body) {
    const own = this.signal;
    let response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: body ? { "Content-Type": "application/json" } : {},
        body: body && JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.any ? AbortSignal.any([own, AbortSignal.timeout(PATIENCE_MS)]) : own,
      });
      if (response.ok) return response.status === 204 ? null : await response.json();
    } catch (error) {
      throw new Failure(0, error.name === "TimeoutError" ? "slow" : "");
    }
    const problem = await response.json().catch(() => ({}));
    const text = (value) => (typeof value === "string" ? value : "");
    throw new Failure(response.status, text(problem.title), text(problem.detail), Number(response.headers.get("Retry-After")) || 0);
  }
}

const POLL_MS = 4_000;
const CHECK_MS = 15_000;

/** What the gateway sends by itself: server-sent events, and asking again where they do not come through. */
export class Stream {
  /** `take` gets (kind, data); `urgent` says whether somebody is being waited for. */
  constructor(api, take, urgent) {
    Object.assign(this, { api, take, urgent, token: null, last: 0, source: null, timer: 0, broken: 0, alive: false });
    document.addEventListener("visibilitychange", () => this.#adapt());
    window.addEventListener("online", () => this.#adapt());
  }

  /** Listen to a conversation from an answer on; null ends it. */
  follow(token, last = this.last) {
    if (token === this.token && this.source) return;
    this.stop();
    Object.assign(this, { token, last, broken: 0 });
    this.#adapt();
  }

  stop() {
    this.source?.close();
    clearTimeout(this.timer);
    Object.assign(this, { source: null, alive: false, timer: 0 });
  }

  /** Look at once, because something is waited for. */
  hurry() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.#adapt();
  }

  #adapt() {
    const wanted = this.token && (!document.hidden || this.urgent());
    if (!wanted) return this.stop();
    if (!this.source && this.broken < 2 && "EventSource" in window) this.#open();
    if (!this.timer) this.#later();
  }

  #open() {
    const source = new EventSource(`${this.api.base}/api/v1/conversations/${this.token}/events?after=${this.last}`);
    this.source = source;
    const on = (kind) =>
      source.addEventListener(kind, (event) => {
        if (source !== this.source) return;
        try {
          this.take(kind, JSON.parse(event.data));
        } catch {
          // half an event: asking again brings it
        }
      });
    ["progress", "answer", "handover", "gone"].forEach(on);
    source.onopen = () => Object.assign(this, { alive: true, broken: 0 });
    source.onerror = () => {
      this.alive = false;
      if (source.readyState !== EventSource.CLOSED || source !== this.source) return; // the browser tries again by itself
      this.source = null;
      this.broken += 1;
      this.hurry();
    };
  }

  #later() {
    this.timer = setTimeout(() => this.#ask(), this.alive ? CHECK_MS : POLL_MS);
  }

  async #ask() {
    const token = this.token;
    if (this.urgent()) await this.catchUp();
    if (token !== this.token) return;
    this.timer = 0;
    this.#adapt();
  }

  /** Ask for what came since the last answer we know. */
  async catchUp() {
    const token = this.token;
    try {
      for (const answer of await this.api.conversation(`/${token}/messages?after=${this.last}`)) {
        if (token === this.token) this.take("answer", answer);
      }
    } catch {
      // next time
    }
  }
}
