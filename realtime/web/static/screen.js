// The newest picture: drawn on the page's canvas, and kept for whoever draws it elsewhere.

export class Screen {
  #canvas;
  #context;
  /** An ImageBitmap whose first row is the top; null before the first. */
  picture = null;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** Draw a picture; it belongs to the screen from now on. */
  show(picture) {
    if (this.#canvas.width !== picture.width) this.#canvas.width = picture.width;
    if (this.#canvas.height !== picture.height) this.#canvas.height = picture.height;
    this.#context.drawImage(picture, 0, 0);
    this.picture?.close();
    this.picture = picture;
  }
}
