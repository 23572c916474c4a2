// Reads a message of the wire, version 1, as a browser gets it: header and payload in one.

export const Codec = { RAW: 0, JPEG: 1, H264: 2 };
export const Flag = { KEY: 1, SOURCE_LOST: 2 };

const MAGIC = "AVF1";
const HEADER_BYTES = 64;
const MAX_PAYLOAD_BYTES = 64 << 20;
const MAX_PIXELS = 4096 * 4096;
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

/** The first four bytes as text: they tell what kind of message it is. */
export function magicOf(bytes) {
  return String.fromCharCode(...bytes.subarray(0, 4));
}

/**
 * A Uint8Array to {codec, flags, stream_id, seq, capture_us, publish_us, pts_us, width, height,
 * view, fps_x100, payload_bytes, crc32, infer_us, payload}. The payload is a view of `bytes`: raw
 * RGB, the top row first, a JPEG file, or H.264. Throws WireError, nothing else.
 */
export function parse(bytes) {
  if (bytes.length < HEADER_BYTES) throw new WireError("short_header");
  if (magicOf(bytes) !== MAGIC) throw new WireError("bad_magic");
  const [version, quarters] = [bytes[4], bytes[5]];
  if (version !== 1) throw new WireError("bad_version");
  if (quarters * 4 < HEADER_BYTES) throw new WireError("bad_header");
  if (bytes.length < quarters * 4) throw new WireError("short_header");
  const header = readHeader(new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES));
  const payload = bytes.subarray(quarters * 4);
  check(header, payload);
  return { ...header, payload };
}

/** How many messages of one stream_id are missing between two that came in this order. */
export function seqGap(last, now) {
  return (now - last - 1) >>> 0;
}

function readHeader(view) {
  const time = (at) => Number(view.getBigUint64(at, true)); // stays far below 2^53
  return {
    codec: view.getUint8(6),
    flags: view.getUint8(7),
    stream_id: view.getUint32(8, true),
    seq: view.getUint32(12, true),
    capture_us: time(16),
    publish_us: time(24),
    pts_us: time(32),
    width: view.getUint16(40, true),
    height: view.getUint16(42, true),
    view: view.getUint16(44, true),
    fps_x100: view.getUint16(46, true),
    payload_bytes: view.getUint32(48, true),
    crc32: view.getUint32(52, true),
    infer_us: view.getUint32(56, true),
  };
}

function check(header, payload) {
  const pixels = header.width * header.height;
  if (!Object.values(Codec).includes(header.codec)) throw new WireError("bad_codec");
  if (pixels === 0) throw new WireError("bad_size");
  if (header.payload_bytes > MAX_PAYLOAD_BYTES) throw new WireError("too_large");
  if (payload.length < header.payload_bytes) throw new WireError("short_payload");
  if (payload.length > header.payload_bytes) throw new WireError("long_payload");
  if (crc32(payload) !== header.crc32) throw new WireError("bad_crc");
  if (pixels > MAX_PIXELS) throw new WireError("too_large");
  if (header.codec === Codec.RAW && payload.length !== pixels * 3) {
    throw new WireError("bad_payload");
  }
}

/** As zlib's crc32. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
