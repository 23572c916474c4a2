// Reads messages of the avatar stream, wire version 1: bytes in, header and payload out. No I/O and
// no dependency, so it runs in a browser too. What the bytes mean is in docs/protocol.md.

export const Codec = { RAW: 0, JPEG: 1 };
export const Flag = { KEY: 1, SOURCE_LOST: 2 };

const HEADER_BYTES = 64;
const LONGEST_TOPIC = 71; // "avatar/" and 64 letters
export const MAX_PAYLOAD_BYTES = 64 << 20;
const MAX_PIXELS = 4096 * 4096;
const TOPIC = /^avatar\/(?!.*AVF1)[A-Za-z0-9._-]{1,64}$/;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** Bytes that are no message of this protocol; `reason` is a short key for counting. */
export class WireError extends Error {
  constructor(reason) {
    super(`refused: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Reads a message, an array of 3 Uint8Arrays or of 1. Gives {topic, codec, flags, stream_id, seq,
 * capture_us, publish_us, pts_us, width, height, view, fps_x100, payload_bytes, crc32, infer_us,
 * payload}; payload is a view of the bytes that came: raw RGB, the top row first, or a JPEG file.
 * Throws WireError, nothing else.
 */
export function parse(parts) {
  if (parts.length === 3) {
    const [header, length] = readHeader(parts[1]);
    if (parts[1].length > length) throw new WireError("long_header");
    return finish(parts[0], header, parts[2]);
  }
  if (parts.length !== 1) throw new WireError("bad_parts");
  const start = findMagic(parts[0]);
  if (start < 0) throw new WireError("bad_magic");
  const [header, length] = readHeader(parts[0].subarray(start));
  return finish(parts[0].subarray(0, start), header, parts[0].subarray(start + length));
}

/** How many messages of one stream_id are missing between two that came in this order. */
export function seqGap(last, now) {
  return (now - last - 1) >>> 0;
}

/** As zlib's crc32. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function isMagic(bytes, at) {
  return bytes[at] === 65 && bytes[at + 1] === 86 && bytes[at + 2] === 70 && bytes[at + 3] === 49;
}

function findMagic(bytes) {
  for (let at = 0; at <= LONGEST_TOPIC; at++) if (isMagic(bytes, at)) return at;
  return -1;
}

/** The header at the start of `bytes`, and how many bytes it takes there. */
function readHeader(bytes) {
  if (bytes.length < HEADER_BYTES) throw new WireError("short_header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isMagic(bytes, 0)) throw new WireError("bad_magic");
  if (bytes[4] !== 1) throw new WireError("bad_version");
  const length = bytes[5] * 4;
  if (length < HEADER_BYTES) throw new WireError("bad_header");
  if (bytes.length < length) throw new WireError("short_header");
  if (bytes[6] > Codec.JPEG) throw new WireError("bad_codec");
  const u64 = (at) => Number(view.getBigUint64(at, true)); // times stay far below 2^53
  const header = {
    codec: bytes[6],
    flags: bytes[7],
    stream_id: view.getUint32(8, true),
    seq: view.getUint32(12, true),
    capture_us: u64(16),
    publish_us: u64(24),
    pts_us: u64(32),
    width: view.getUint16(40, true),
    height: view.getUint16(42, true),
    view: view.getUint16(44, true),
    fps_x100: view.getUint16(46, true),
    payload_bytes: view.getUint32(48, true),
    crc32: view.getUint32(52, true),
    infer_us: view.getUint32(56, true),
  };
  return [header, length];
}

function finish(rawTopic, header, payload) {
  const topic = String.fromCharCode(...rawTopic.subarray(0, LONGEST_TOPIC + 1));
  if (!TOPIC.test(topic)) throw new WireError("bad_topic");
  const pixels = header.width * header.height;
  if (pixels === 0) throw new WireError("bad_size");
  if (header.payload_bytes > MAX_PAYLOAD_BYTES) throw new WireError("too_large");
  if (payload.length < header.payload_bytes) throw new WireError("short_payload");
  if (payload.length > header.payload_bytes) throw new WireError("long_payload");
  if (crc32(payload) !== header.crc32) throw new WireError("bad_crc");
  if (pixels > MAX_PIXELS) throw new WireError("too_large");
  if (header.codec === Codec.RAW && payload.length !== pixels * 3) {
    throw new WireError("bad_payload");
  }
  return { topic, ...header, payload };
}
