// The WebSocket to the server. It connects again by itself, for as long as the page is open.

import { ServerClock } from "./clock.js";
import { magicOf } from "./wire.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;
const SILENCE_MS = 5000; // the server sends information and answers a ping every second
const EAGER_PINGS = 8;
const ACKNOWLEDGE = new TextEncoder().encode("AVA1");

/**
 * Runs in a worker. `onPicture(bytes)` gets each picture's message, and promises to be ready for
 * another; `tell` gets
 *
 *   {type: "state", state}    "connecting", "open", "waiting" for the next attempt, or why there is
 *                             none or not yet: "refused", "full"
 *   {type: "clock", offsetUs, roundTripMs}
 *   {type: "hello", stream, pass}, {type: "info", info}    as the server sent them
 */
export class Link {
  #tell;
  #onPicture;
  #credentials = { token: "", pass: "" };
  #socket = null;
  #clock = new ServerClock();
  #isOpen = false;
  #heardMs = 0;
  #waitMs = FIRST_WAIT_MS;
  #timer = 0;

  constructor({ tell, onPicture }) {
    [this.#tell, this.#onPicture] = [tell, onPicture];
    setInterval(() => this.#tick(), 1000);
    addEventListener("online", () => this.#connect());
  }

  /** With the token of the page's address, or the pass of an earlier visit. */
  connect(token, pass) {
    this.#credentials = { token, pass };
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#enter("connecting");
    const socket = new WebSocket(this.#address().replace(/^http/, "ws"));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#open();
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => this.#lost();
    this.#socket = socket;
    this.#heardMs = performance.now();
  }

  #open() {
    this.#isOpen = true;
    this.#waitMs = FIRST_WAIT_MS;
    this.#clock = new ServerClock();
    this.#socket.send(this.#clock.ping());
    this.#enter("open");
  }

  async #lost() {
    const wasOpen = this.#isOpen;
    this.#drop();
    this.#enter("waiting");
    const state = wasOpen ? "waiting" : await this.#whyNot();
    if (this.#socket) return; // another attempt is under way
    this.#enter(state);
    if (state === "refused") return; // until the page has another token
    this.#timer = setTimeout(() => this.#connect(), this.#waitMs * (0.75 + Math.random() / 2));
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }

  /** Leave the socket alone, without its last words. */
  #drop() {
    const socket = this.#socket;
    [this.#socket, this.#isOpen] = [null, false];
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #tick() {
    if (!this.#socket) return;
    // A network that is gone does not close anything.
    if (performance.now() - this.#heardMs > SILENCE_MS) this.#lost();
    else if (this.#isOpen) this.#socket.send(this.#clock.ping());
  }

  #take(data) {
    this.#heardMs = performance.now();
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.type === "hello") this.#credentials.pass = message.pass;
      this.#tell(message);
      return;
    }
    const bytes = new Uint8Array(data);
    if (magicOf(bytes) === "AVK1") {
      this.#clock.take(bytes);
      const { offsetUs, roundTripUs, answers } = this.#clock;
      this.#tell({ type: "clock", offsetUs, roundTripMs: roundTripUs / 1000 });
      if (answers < EAGER_PINGS) this.#socket.send(this.#clock.ping());
      return;
    }
    this.#takePicture(bytes);
  }

  async #takePicture(bytes) {
    const socket = this.#socket;
    await this.#onPicture(bytes);
    if (socket === this.#socket) socket.send(ACKNOWLEDGE);
  }

  #enter(state) {
    this.#tell({ type: "state", state });
  }

  #address() {
    const url = new URL("stream", location.origin);
    url.search = new URLSearchParams(this.#credentials);
    return url.href;
  }

  /** A script does not learn why a WebSocket could not be had; the same address tells without. */
  async #whyNot() {
    try {
      const { status } = await fetch(this.#address(), { cache: "no-store" });
      return { 403: "refused", 503: "full" }[status] ?? "waiting";
    } catch {
      return "waiting"; // nobody is there
    }
  }
}
