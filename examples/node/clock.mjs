// How far the publisher's clock is ahead of ours, by ping: without it the age of a picture from
// another machine means nothing. The bytes are in docs/protocol.md.

import { setTimeout as sleep } from "node:timers/promises";

import { Dealer } from "zeromq";

const EAGER_PINGS = 8;
const PINGS_KEPT = 32;

/** Microseconds since 1970. Date.now() knows milliseconds only. */
export function unixUs() {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/** Pings the clock at an address, once a second but for the first ones, until it is closed. */
export class Clock {
  /** The publisher's clock minus ours; undefined as long as no ping was answered. */
  offsetUs;
  #pings = [];
  #socket = new Dealer({ linger: 0, receiveTimeout: 1000, sendTimeout: 0 });

  constructor(address) {
    this.address = address;
    this.#socket.connect(address);
    this.#run();
  }

  close() {
    this.#socket.close();
  }

  async #run() {
    for (let count = 1; !this.#socket.closed; count++) {
      try {
        await this.#ping();
      } catch (error) {
        // EAGAIN: nobody answered in time. Any other: the socket was closed meanwhile.
        if (error.code !== "EAGAIN") return;
      }
      await sleep(count < EAGER_PINGS ? 10 : 1000, undefined, { ref: false });
    }
  }

  async #ping() {
    const ping = Buffer.alloc(12);
    ping.write("AVK1");
    ping.writeBigUInt64LE(BigInt(Math.round(unixUs())), 4);
    await this.#socket.send(ping);
    const [pong] = await this.#socket.receive();
    const now = unixUs();
    if (pong.length !== 28 || !pong.subarray(0, 12).equals(ping)) return; // of an older ping
    const [sent, received, answered] = [4, 12, 20].map((at) => Number(pong.readBigUInt64LE(at)));
    const roundTripUs = now - sent - (answered - received);
    this.#pings = [...this.#pings, { roundTripUs, offsetUs: (received - sent + answered - now) / 2 }];
    this.#pings = this.#pings.slice(-PINGS_KEPT);
    // Delays only ever add to a round trip: the shortest is the truest.
    const best = this.#pings.reduce((a, b) => (b.roundTripUs < a.roundTripUs ? b : a));
    this.offsetUs = best.offsetUs;
  }
}
