// How far the server's clock is ahead of the page's, by ping; the theory is in realtime/clock.py.

const PING_MAGIC = [65, 86, 75, 49]; // "AVK1"
const PONG_BYTES = 28;
const WINDOW = 32;

/** The page's clock: microseconds since 1970, which never jump. */
export function nowUs() {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** The offset from the best of the last pings: delays only ever add to a round trip. */
export class ServerClock {
  #samples = [];
  #sentUs = null;
  /** Pings answered so far. */
  answers = 0;
  /** The server's clock minus the page's; null before the first answer. */
  offsetUs = null;
  /** The shortest round trip lately; the offset is wrong by half of it at most. */
  roundTripUs = null;

  /** The bytes to send now. An answer to an earlier ping no longer counts. */
  ping() {
    const bytes = new Uint8Array(12);
    bytes.set(PING_MAGIC);
    this.#sentUs = nowUs();
    new DataView(bytes.buffer).setBigUint64(4, BigInt(this.#sentUs), true);
    return bytes;
  }

  /** Use an answer that came just now; other bytes are ignored. */
  take(bytes) {
    if (bytes.length !== PONG_BYTES) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const [sent, received, answered] = [4, 12, 20].map((at) => Number(view.getBigUint64(at, true)));
    const now = nowUs();
    const roundTrip = now - sent - (answered - received);
    if (sent !== this.#sentUs || roundTrip < 0) return;
    this.#sentUs = null;
    this.answers += 1;
    this.#samples.push({ roundTrip, offset: (received - sent + answered - now) / 2 });
    if (this.#samples.length > WINDOW) this.#samples.shift();
    const best = this.#samples.reduce((a, b) => (b.roundTrip < a.roundTrip ? b : a));
    [this.roundTripUs, this.offsetUs] = [best.roundTrip, best.offset];
  }
}
