// What is counted of the pictures: how many, how old, and how many never came.

import { Flag, seqGap } from "./wire.js";

const WINDOW_MS = 3000;

export class Figures {
  #shown = []; // {atMs, ageMs} of the last seconds; ageMs is null for a repeated picture
  #last = null;
  /** Pictures that were not shown, because a newer one was there, or damaged. */
  dropped = 0;
  /** Messages that were no pictures. */
  damaged = 0;
  /** Times that the stream began anew. */
  restarts = 0;

  /** Its picture is on the page, `ageMs` after the camera took it. */
  shown(header, ageMs) {
    if (this.#last?.stream_id === header.stream_id) {
      this.dropped += seqGap(this.#last.seq, header.seq);
    } else if (this.#last) {
      this.restarts += 1;
    }
    this.#last = header;
    const repeated = header.flags & Flag.SOURCE_LOST;
    this.#shown.push({ atMs: performance.now(), ageMs: repeated ? null : ageMs });
  }

  /** Whether the last picture was the last good one again, for want of a camera. */
  get sourceLost() {
    return Boolean(this.#last && this.#last.flags & Flag.SOURCE_LOST);
  }

  /** Of the last seconds: {fps, ageP50, ageP95}; null where there is nothing to tell. */
  recent() {
    const oldest = performance.now() - WINDOW_MS;
    this.#shown = this.#shown.filter(({ atMs }) => atMs > oldest);
    const ages = this.#shown.map(({ ageMs }) => ageMs).filter((age) => age !== null);
    ages.sort((a, b) => a - b);
    const quantile = (part) => ages[Math.min(ages.length - 1, Math.floor(ages.length * part))];
    const spanMs = this.#shown.length > 1 ? this.#shown.at(-1).atMs - this.#shown[0].atMs : 0;
    return {
      fps: spanMs > 0 ? ((this.#shown.length - 1) * 1000) / spanMs : null,
      ageP50: quantile(0.5) ?? null,
      ageP95: quantile(0.95) ?? null,
    };
  }
}
