// Puts the page together: what the receiver tells, on the screen, in words and in VR.

import { nowUs } from "./clock.js";
import { Figures } from "./figures.js";
import { Screen } from "./screen.js";
import { enterVr, whyNoVr } from "./vr.js";

const REFRESH_MS = 250;
const QUIET_MS = 2000;
const STATES = {
  connecting: ["busy", "connecting", "Connecting…"],
  waiting: ["bad", "reconnecting", "Nobody is there. This page goes on when the program is back."],
  refused: ["bad", "not let in", "This address is no longer valid. Open the one in the terminal."],
  full: ["busy", "full", "As many browsers as may are watching. This page tries again."],
  quiet: ["busy", "no pictures", "Connected, but no pictures come: see what the terminal says."],
  lost: ["bad", "camera lost", "The camera gives no pictures. This is the last one."],
  cannot: ["bad", "no H.264", ""],
  live: ["good", "live", ""],
};

const take = {
  picture: show,
  damaged: () => (figures.damaged += 1),
  cannot: ({ why }) => {
    whyNot = `${why}. Start launch.py with --codec jpeg.`;
    refresh();
  },
  clock: (message) => (clock = message),
  hello: ({ stream, pass }) => {
    sessionStorage.setItem("pass", pass);
    element("stream").textContent = stream;
  },
  info: ({ info }) => tellAbout(info),
  state: ({ state }) => {
    linkState = state;
    refresh();
  },
};

const element = (id) => document.getElementById(id);
const screen = new Screen(element("picture"));
const figures = new Figures();
const receiver = new Worker("receiver.js", { type: "module" });
let linkState = "connecting";
let clock = { offsetUs: 0, roundTripMs: null }; // of the server, as against nowUs()
let shownAtMs = -Infinity;
let whyNot = null; // this browser cannot show the stream
let session = null; // of VR

receiver.onmessage = ({ data }) => take[data.type]?.(data);
addEventListener("hashchange", connect);
connect();
receiver.postMessage({ type: "ready" });
setInterval(refresh, REFRESH_MS);
element("vr").addEventListener("click", toggleVr);
navigator.xr?.addEventListener("devicechange", offerVr);
offerVr();

/** With the token in the page's address, or what was given for one before. */
function connect() {
  const [token, pass] = [location.hash.slice(1), sessionStorage.getItem("pass") ?? ""];
  receiver.postMessage({ type: "connect", token, pass });
}

function show({ header, picture }) {
  screen.show(picture);
  figures.shown(header, (nowUs() + clock.offsetUs - header.capture_us) / 1000);
  shownAtMs = performance.now();
  whyNot = null;
  receiver.postMessage({ type: "ready" });
}

function state() {
  if (linkState !== "open") return linkState;
  if (whyNot) return "cannot";
  if (performance.now() - shownAtMs > QUIET_MS) return "quiet";
  return figures.sourceLost ? "lost" : "live";
}

function refresh() {
  const [mood, word, notice] = STATES[state()];
  element("state").textContent = word;
  element("state").dataset.mood = mood;
  element("notice").textContent = notice || whyNot;
  document.body.classList.toggle("stale", mood !== "good");
  const { fps, ageP50, ageP95 } = figures.recent();
  element("fps").textContent = fps === null ? "–" : fps.toFixed(1);
  element("age").textContent = ms(ageP50, 0);
  element("age-p95").textContent = ageP95 === null ? "" : `95 %: ${ms(ageP95, 0)}`;
  element("dropped").textContent = figures.dropped;
  element("damaged").textContent = figures.damaged ? `${figures.damaged} damaged` : "";
  element("round-trip").textContent = ms(clock.roundTripMs, 1);
}

function tellAbout({ source, backend, bundle, fps }) {
  element("fps-made").textContent = `of ${fps.out.toFixed(1)}`;
  element("about").textContent = [source.name, backend, bundle].join("  ·  ");
}

function ms(value, digits) {
  return value === null ? "–" : `${value.toFixed(digits)} ms`;
}

async function offerVr() {
  const reason = await whyNoVr();
  element("vr").disabled = reason !== null && !session;
  element("vr-reason").textContent = reason ?? "";
}

async function toggleVr() {
  if (session) {
    await session.end();
    return;
  }
  try {
    session = await enterVr(screen, { isLive: () => state() === "live", caption });
  } catch (error) {
    element("vr-reason").textContent = `VR cannot be entered: ${error.message}`;
    return;
  }
  element("vr").textContent = "Leave VR";
  session.addEventListener("end", () => {
    session = null;
    element("vr").textContent = "Enter VR";
    offerVr();
  });
}

/** What stands below the picture in VR. */
function caption() {
  if (state() !== "live") return STATES[state()][1];
  const { fps, ageP50 } = figures.recent();
  const rate = fps === null ? "–" : fps.toFixed(0);
  return `${rate} fps · age ${ms(ageP50, 0)} · dropped ${figures.dropped}`;
}
