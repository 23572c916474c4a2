// Prints what examples/node makes of messages, as tests/vectors/README.md says it.
//
//     node describe.mjs FILE.msg ...

import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { Codec, WireError, crc32, parse, seqGap } from "../../examples/node/header.mjs";

function split(data) {
  const parts = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 4 + data.readUInt32LE(at);
    parts.push(data.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

function pixels({ width, height, payload }) {
  const spots = [1, 3].flatMap((row) =>
    [1, 3].map((column) => [(row * height) >> 2, (column * width) >> 2]),
  );
  return spots.map(([y, x]) => payload.subarray((y * width + x) * 3).subarray(0, 3).join());
}

function describe(packet, last) {
  const { payload, ...fields } = packet;
  const same = last?.stream_id === packet.stream_id;
  const lines = { ...fields, crc32: crc32(payload) };
  lines.lost = same ? seqGap(last.seq, packet.seq) : 0;
  lines.restart = Number(last !== undefined && !same);
  if (packet.codec === Codec.RAW) lines.picture = pixels(packet).join(" ");
  return lines;
}

let last;
const blocks = process.argv.slice(2).map((path) => {
  let lines;
  try {
    const packet = parse(split(readFileSync(path)));
    lines = { result: "ok", ...describe(packet, last) };
    last = packet;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    lines = { result: error.reason };
  }
  lines = { name: basename(path, ".msg"), ...lines };
  return Object.entries(lines).map(([key, value]) => `${key}=${value}\n`).join("");
});
process.stdout.write(blocks.join("\n"));
