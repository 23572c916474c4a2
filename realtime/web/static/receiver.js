// The worker that receives, so that a busy page shows fewer pictures, never older ones.
//
// It takes each message as it comes and keeps the newest; the page gets it when it has shown the
// one before.
//
//   page -> worker   {type: "connect", token, pass}, {type: "ready"}
//   worker -> page   {type: "picture", header, picture}, {type: "damaged"}, and what link.js tells

import { Link } from "./link.js";
import { decode } from "./picture.js";
import { parse, WireError } from "./wire.js";

let newest = null;
let pageIsReady = false;
const link = new Link({ tell: (message) => postMessage(message), onPicture: take });

onmessage = ({ data }) => {
  if (data.type === "connect") link.connect(data.token, data.pass);
  else pageIsReady = true;
  handOver();
};

function take(bytes) {
  try {
    newest = parse(bytes);
  } catch (error) {
    refuse(error);
    return;
  }
  handOver();
}

async function handOver() {
  if (!pageIsReady || !newest) return;
  const { payload, ...header } = newest;
  [newest, pageIsReady] = [null, false];
  try {
    const picture = await decode(header, payload);
    postMessage({ type: "picture", header, picture }, [picture]);
  } catch (error) {
    refuse(error);
    pageIsReady = true;
    handOver();
  }
}

function refuse(error) {
  if (!(error instanceof WireError)) throw error;
  postMessage({ type: "damaged" });
}
