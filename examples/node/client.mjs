// Receives an avatar stream: says how old it is and what is lost, writes its pictures.
//
//     node client.mjs tcp://127.0.0.1:5555 --frames 100 --save out
//
// --work-ms 200 plays a slow program: the pictures stay as fresh, and more are skipped.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { Codec, Flag } from "./header.mjs";
import { AvatarStream } from "./stream.mjs";

function save(folder, number, { codec, width, height, payload }) {
  const name = join(folder, `avatar_${String(number).padStart(6, "0")}`);
  if (codec === Codec.JPEG) return writeFileSync(`${name}.jpg`, payload);
  const start = Buffer.from(`P6\n${width} ${height}\n255\n`);
  writeFileSync(`${name}.ppm`, Buffer.concat([start, payload]));
}

function work(ms) {
  for (const end = performance.now() + ms; performance.now() < end; );
}

function figures(frames, { tally, info, clockOffsetMs }, ages) {
  const told = [`frames=${frames}`];
  for (const [name, value] of Object.entries(tally)) told.push(`${name}=${value}`);
  const sorted = [...ages].sort((a, b) => a - b);
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))].toFixed(1);
  if (sorted.length > 0) told.push(`age_ms_p50=${at(0.5)}`, `age_ms_p95=${at(0.95)}`);
  if (clockOffsetMs !== undefined) told.push(`clock_offset_ms=${clockOffsetMs.toFixed(3)}`);
  if (info) told.push(`bundle=${info.bundle}`);
  return told.join(" ");
}

function understand(words) {
  const text = { type: "string" };
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { stream: text, frames: text, save: text, "work-ms": text },
  });
  const [address, ...more] = positionals;
  const limit = Number(values.frames ?? Infinity);
  if (!address || more.length > 0 || !(limit > 0)) throw new TypeError("one address, and COUNT > 0");
  return { address, limit, stream: values.stream, folder: values.save, workMs: values["work-ms"] };
}

let asked;
try {
  asked = understand(process.argv.slice(2));
} catch (error) {
  console.error(`client: ${error.message}`);
  console.error("usage: node client.mjs tcp://HOST:PORT [--stream NAME] [--frames COUNT]");
  console.error("       [--save FOLDER] [--work-ms MILLISECONDS]");
  process.exit(2);
}

const stream = new AvatarStream(asked.address, asked.stream);
const ages = [];
let frames = 0;
process.once("SIGINT", () => stream.close());
const status = setInterval(() => console.error(figures(frames, stream, ages)), 1000);
while (frames < asked.limit) {
  const packet = await stream.newest();
  if (!packet) break;
  frames++;
  // The age of a repeated picture is the camera's absence, not the stream's delay.
  if (!(packet.flags & Flag.SOURCE_LOST)) ages.push(stream.ageMs(packet));
  if (ages.length > 1000) ages.shift();
  if (asked.folder) save(asked.folder, frames, packet);
  work(Number(asked.workMs ?? 0));
}
clearInterval(status);
stream.close();
console.log(figures(frames, stream, ages));
process.exitCode = frames < asked.limit && asked.limit !== Infinity ? 1 : 0;
