// `AvatarStream` receives one stream over ZeroMQ; its newest picture is there however slow you are.
//
//     const stream = new AvatarStream("tcp://127.0.0.1:5555");
//     for (let packet; (packet = await stream.newest()); ) show(packet.payload);
//
// One loop takes in every message as it comes and keeps the newest: what waits in a socket grows
// older without bound. Reconnecting is ZeroMQ's work.

import { setImmediate as nextTurn } from "node:timers/promises";

import { Subscriber } from "zeromq";

import { Clock, unixUs } from "./clock.mjs";
import { Flag, MAX_PAYLOAD_BYTES, WireError, parse, seqGap } from "./header.mjs";

export class AvatarStream {
  /** What came of the messages. */
  tally = { received: 0, skipped: 0, lost: 0, refused: 0, restarts: 0, repeated: 0 };
  /** What the publisher tells of itself, once a second. */
  info;
  #address;
  #stream;
  #socket = new Subscriber({ maxMessageSize: MAX_PAYLOAD_BYTES + 4096, tcpKeepalive: 1 });
  #clock;
  #last;
  #newest;
  #wake = () => {};

  constructor(address, stream = "main") {
    this.#address = address;
    this.#stream = stream;
    this.#socket.connect(address);
    this.#socket.subscribe(`avatar/${stream}`, `info/${stream}`);
    this.#run();
  }

  /** The newest packet that was not given before; undefined once the stream is closed. */
  async newest() {
    while (!this.#newest && !this.#socket.closed) {
      await new Promise((wake) => (this.#wake = wake));
    }
    // A program that is slow between two calls kept the loop below from running: let it catch up.
    await nextTurn();
    const packet = this.#newest;
    this.#newest = undefined;
    return packet;
  }

  /** From the camera's picture till now; the clocks are taken for one until they are compared. */
  ageMs(packet) {
    return (unixUs() + (this.#clock?.offsetUs ?? 0) - packet.capture_us) / 1000;
  }

  /** The publisher's clock minus ours; undefined as long as they were not compared. */
  get clockOffsetMs() {
    return this.#clock?.offsetUs && this.#clock.offsetUs / 1000;
  }

  close() {
    this.#socket.close();
    this.#clock?.close();
    this.#wake();
  }

  async #run() {
    for await (const parts of this.#socket) {
      try {
        if (parts[0].toString("latin1", 0, 5) === "info/") this.#takeInfo(parts);
        else this.#takePicture(parse(parts));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.tally.refused++;
      }
    }
  }

  #takePicture(packet) {
    if (packet.topic !== `avatar/${this.#stream}`) return; // ZeroMQ matches the beginning only
    if (this.#last && this.#last.stream_id !== packet.stream_id) this.tally.restarts++;
    else if (this.#last) this.tally.lost += seqGap(this.#last.seq, packet.seq);
    this.tally.received++;
    this.tally.repeated += Number((packet.flags & Flag.SOURCE_LOST) !== 0);
    this.tally.skipped += Number(this.#newest !== undefined);
    this.#last = this.#newest = packet;
    this.#wake();
  }

  #takeInfo(parts) {
    const text = Buffer.concat(parts).toString();
    const start = text.indexOf("{");
    if (text.slice(0, start) !== `info/${this.#stream}`) return;
    try {
      this.info = JSON.parse(text.slice(start));
      this.#follow(new URL(this.info.clock.replace("tcp:", "http:")).port);
    } catch {
      throw new WireError("bad_info");
    }
  }

  /** The host is the one that we reached the publisher by; it may know itself by another name. */
  #follow(port) {
    const address = this.#address.replace(/\d+$/, port);
    if (this.#clock?.address === address) return;
    this.#clock?.close();
    this.#clock = new Clock(address);
  }
}
