// The immersive view: the picture hangs in the room before both eyes, a line of text below it.
// The trigger of a controller, or a pinch, puts it before the viewer again.

import { Painter } from "./painter.js";

const DISTANCE_M = 1.5;
const HEIGHT_M = 1.2;
const CAPTION = { width_m: 1.2, height_m: 0.09, below_m: 0.67, width_px: 1024, height_px: 77 };
const CAPTION_PERIOD_MS = 500;
const STALE_LIGHT = 0.3;

/** Why the immersive view cannot be had here; null: it can. */
export async function whyNoVr() {
  if (!isSecureContext) return "VR needs https, or localhost through adb reverse";
  if (!navigator.xr) return "this browser has no WebXR";
  if (!(await navigator.xr.isSessionSupported("immersive-vr"))) return "no headset found";
  return null;
}

/**
 * Enter the immersive view, upon a click; gives the XRSession. `status.isLive()` is asked for each
 * frame, `status.caption()` now and then. Throws, with a reason for people, where it cannot be had.
 */
export async function enterVr(screen, status) {
  const session = await navigator.xr.requestSession("immersive-vr");
  try {
    const painter = new Painter();
    session.addEventListener("end", () => painter.close());
    const baseLayer = new XRWebGLLayer(session, painter.gl, { alpha: false, depth: false });
    await session.updateRenderState({ baseLayer });
    const room = await session.requestReferenceSpace("local");
    new Scene(session, room, painter, screen, status);
  } catch (error) {
    await session.end();
    throw error;
  }
  return session;
}

class Scene {
  #session;
  #room;
  #painter;
  #screen;
  #status;
  #picture;
  #filledWith = null;
  #caption;
  #captionDueMs = 0;
  #pose = null; // of the picture: {x, y, z, yaw}; null: before the viewer, at the next frame

  constructor(session, room, painter, screen, status) {
    [this.#session, this.#room, this.#painter] = [session, room, painter];
    [this.#screen, this.#status] = [screen, status];
    [this.#picture, this.#caption] = [painter.texture(), painter.texture()];
    room.addEventListener("reset", () => (this.#pose = null));
    session.addEventListener("select", () => (this.#pose = null));
    session.requestAnimationFrame((_, frame) => this.#draw(frame));
  }

  #draw(frame) {
    this.#session.requestAnimationFrame((_, next) => this.#draw(next));
    const viewer = frame.getViewerPose(this.#room);
    const layer = this.#session.renderState.baseLayer;
    this.#painter.begin(layer);
    this.#fillTextures();
    const { picture } = this.#screen;
    if (!viewer || !picture) return; // the headset does not know where it is, or nothing came yet
    this.#pose ??= poseBefore(viewer.transform.matrix);
    const width = (HEIGHT_M * picture.width) / picture.height;
    const panels = [
      [this.#picture, place(this.#pose, 0, width, HEIGHT_M), this.#status.isLive() ? 1 : STALE_LIGHT],
      [this.#caption, place(this.#pose, CAPTION.below_m, CAPTION.width_m, CAPTION.height_m), 1],
    ];
    for (const view of viewer.views) {
      this.#painter.look(layer.getViewport(view), view);
      for (const panel of panels) this.#painter.draw(...panel);
    }
  }

  #fillTextures() {
    const picture = this.#screen.picture;
    if (picture && picture !== this.#filledWith) {
      this.#painter.fill(this.#picture, picture);
      this.#filledWith = picture;
    }
    if (performance.now() < this.#captionDueMs) return;
    this.#captionDueMs = performance.now() + CAPTION_PERIOD_MS;
    this.#painter.fill(this.#caption, drawText(this.#status.caption()));
  }
}

/** Upright, at the height of the eyes, facing a viewer with this pose: a matrix, by columns. */
function poseBefore(matrix) {
  const yaw = Math.atan2(matrix[8], matrix[10]);
  return {
    x: matrix[12] - DISTANCE_M * Math.sin(yaw),
    y: matrix[13],
    z: matrix[14] - DISTANCE_M * Math.cos(yaw),
    yaw,
  };
}

/** room_from_panel, by columns, of a panel this large and so far below the pose. */
function place({ x, y, z, yaw }, below, width, height) {
  const [sin, cos] = [Math.sin(yaw), Math.cos(yaw)];
  return new Float32Array([
    ...[width * cos, 0, -width * sin, 0],
    ...[0, height, 0, 0],
    ...[sin, 0, cos, 0],
    ...[x, y - below, z, 1],
  ]);
}

function drawText(text) {
  const canvas = new OffscreenCanvas(CAPTION.width_px, CAPTION.height_px);
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#0d1117";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#e6edf3";
  context.font = "40px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, canvas.width / 2, canvas.height / 2, canvas.width);
  return canvas;
}
