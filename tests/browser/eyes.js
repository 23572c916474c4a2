// What each eye of the emulated headset sees, read out of the frame that the page has just drawn.

const PICTURE_M = { distance: 1.5, size: 1.2 };
const PUPILS_M = [-0.0315, 0.0315]; // left, right

let waiting = null;

/**
 * Promises, for each eye, the [red, green, blue] at each spot [u, v] of the picture, from its top
 * left. The headset's field of view is 90 degrees, so what is 1 m off at 1 m is at the edge.
 */
window.look = (spots) => new Promise((resolve) => (waiting = { spots, resolve }));

const { requestAnimationFrame } = XRSession.prototype;
XRSession.prototype.requestAnimationFrame = function (draw) {
  return requestAnimationFrame.call(this, (time, frame) => {
    draw(time, frame);
    if (!waiting) return;
    const { spots, resolve } = waiting;
    waiting = null;
    resolve(readEyes(this.renderState.baseLayer.context, spots));
  });
};

function readEyes(gl, spots) {
  const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
  const pixels = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  return PUPILS_M.map((pupil, eye) =>
    spots.map(([u, v]) => {
      const right = ((u - 0.5) * PICTURE_M.size - pupil) / PICTURE_M.distance;
      const up = ((0.5 - v) * PICTURE_M.size) / PICTURE_M.distance;
      const x = Math.floor(width / 4 + (eye * width) / 2 + (right * height) / 2);
      const y = Math.floor(height / 2 + (up * height) / 2);
      return [...pixels.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)];
    }),
  );
}
