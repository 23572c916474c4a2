// Decodes a stream of H.264 pictures (Annex B) by WebCodecs, each as soon as it is there.

import { Flag, WireError, seqGap } from "./wire.js";

const PATIENCE_MS = 2000; // a decoder that gives nothing for a picture is given up
const SEQUENCE_PARAMETERS = 7;

/**
 * Runs in a worker. `onFrame({header, frame})` gets each picture, a VideoFrame to be closed;
 * `onDamage(WireError)` is told of one that is none, `onCannot(why)` at each key picture if none can
 * be decoded.
 */
export class Video {
  #tell;
  #decoder = null;
  #codec = "";
  #pending = []; // {header, done} of the pictures that are being decoded
  #last = null; // null: the next one must be a key picture

  constructor(tell) {
    this.#tell = tell;
  }

  /** Resolves when the decoder is done with it, so that the sender may send another. */
  async decode(header, payload) {
    const isKey = (header.flags & Flag.KEY) !== 0;
    if (!isKey && !this.#goesOn(header)) {
      this.#last = null;
      return;
    }
    if (isKey && !this.#prepare(payload)) return;
    this.#last = header;
    const giveUp = setTimeout(() => this.#fail(new WireError("bad_payload")), PATIENCE_MS);
    const done = new Promise((done) => this.#pending.push({ header, done }));
    try {
      const type = isKey ? "key" : "delta";
      const chunk = new EncodedVideoChunk({ type, timestamp: header.pts_us, data: payload });
      this.#decoder.decode(chunk);
    } catch {
      this.#fail(new WireError("bad_payload")); // it says that it is a key picture, and is none
    }
    await done;
    clearTimeout(giveUp);
  }

  #goesOn({ stream_id, seq }) {
    return this.#last?.stream_id === stream_id && seqGap(this.#last.seq, seq) === 0;
  }

  /** Have a decoder for the stream that begins with this key picture. */
  #prepare(payload) {
    if (typeof VideoDecoder === "undefined") return this.#cannot();
    const codec = codecOf(payload);
    if (codec === null) {
      this.#fail(new WireError("bad_payload"));
      return false;
    }
    if (this.#decoder && this.#codec === codec) return true;
    this.#close();
    this.#codec = codec;
    const decoder = new VideoDecoder({
      output: (frame) => {
        const { header, done } = this.#pending.shift();
        this.#tell.onFrame({ header, frame });
        done();
      },
      error: ({ name }) => {
        if (decoder !== this.#decoder) return;
        if (name === "NotSupportedError") this.#cannot();
        else this.#fail(new WireError("bad_payload"));
      },
    });
    this.#decoder = decoder;
    decoder.configure({ codec, optimizeForLatency: true });
    return true;
  }

  #cannot() {
    this.#close();
    this.#tell.onCannot(
      isSecureContext ? "This browser cannot decode H.264" : "H.264 needs https, or localhost",
    );
    return false;
  }

  #fail(error) {
    this.#close();
    this.#tell.onDamage(error);
  }

  #close() {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    for (const { done } of this.#pending) done();
    [this.#decoder, this.#last, this.#pending] = [null, null, []];
  }
}

/** The frame as an ImageBitmap of the header's size; the frame is closed. */
export async function asPicture({ width, height }, frame) {
  try {
    const { displayWidth, displayHeight } = frame;
    // H.264 has even sizes only.
    if (displayWidth - width > 1 || displayHeight - height > 1) throw new WireError("bad_payload");
    if (displayWidth < width || displayHeight < height) throw new WireError("bad_payload");
    return await createImageBitmap(frame, 0, 0, width, height);
  } finally {
    frame.close();
  }
}

/** As WebCodecs names it, such as avc1.42C01F, by the parameters in a key picture; or null. */
function codecOf(payload) {
  for (let at = 0; at + 7 <= payload.length; at++) {
    if (payload[at] !== 0 || payload[at + 1] !== 0 || payload[at + 2] !== 1) continue;
    if ((payload[at + 3] & 31) !== SEQUENCE_PARAMETERS) continue;
    const three = [...payload.subarray(at + 4, at + 7)];
    return `avc1.${three.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
  return null;
}
