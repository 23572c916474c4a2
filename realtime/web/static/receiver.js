// The worker that receives, so that a busy page shows fewer pictures, never older ones.
//
// It takes each message as it comes and keeps the newest; the page gets it when it has shown the
// one before.
//
//   page -> worker   {type: "connect", token, pass}, {type: "ready"}
//   worker -> page   {type: "picture", header, picture}, {type: "damaged"}, {type: "cannot", why},
//                    and what link.js tells

import { Link } from "./link.js";
import { decode } from "./picture.js";
import { Video, asPicture } from "./video.js";
import { Codec, parse, WireError } from "./wire.js";

let newest = null; // {header, and a payload or a frame of the video}
let pageIsReady = false;
const video = new Video({ onFrame: keep, onDamage: refuse, onCannot: tellWhy });
const link = new Link({ tell: (message) => postMessage(message), onPicture: take });

onmessage = ({ data }) => {
  if (data.type === "connect") link.connect(data.token, data.pass);
  else pageIsReady = true;
  handOver();
};

async function take(bytes) {
  try {
    const { payload, ...header } = parse(bytes);
    if (header.codec === Codec.H264) await video.decode(header, payload);
    else keep({ header, payload });
  } catch (error) {
    refuse(error);
  }
}

function keep(item) {
  newest?.frame?.close();
  newest = item;
  handOver();
}

async function handOver() {
  if (!pageIsReady || !newest) return;
  const { header, payload, frame } = newest;
  [newest, pageIsReady] = [null, false];
  try {
    const picture = await (frame ? asPicture(header, frame) : decode(header, payload));
    postMessage({ type: "picture", header, picture }, [picture]);
  } catch (error) {
    refuse(error);
    pageIsReady = true;
    handOver();
  }
}

function tellWhy(why) {
  postMessage({ type: "cannot", why });
}

function refuse(error) {
  if (!(error instanceof WireError)) throw error;
  postMessage({ type: "damaged" });
}
