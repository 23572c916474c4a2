// Makes a picture of a payload that stands for itself: raw or JPEG. video.js is for H.264.

import { Codec, WireError } from "./wire.js";

/**
 * An ImageBitmap, the top row first, with the payload's values: no colour profile is applied.
 * Throws WireError for a payload that is no such picture as the header says.
 */
export async function decode({ codec, width, height }, payload) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  if (codec === Codec.RAW) return createImageBitmap(withAlpha(payload, width, height), options);
  let picture;
  try {
    picture = await createImageBitmap(new Blob([payload], { type: "image/jpeg" }), options);
  } catch {
    throw new WireError("bad_payload");
  }
  if (picture.width === width && picture.height === height) return picture;
  picture.close();
  throw new WireError("bad_payload");
}

function withAlpha(rgb, width, height) {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from];
    rgba[to + 1] = rgb[from + 1];
    rgba[to + 2] = rgb[from + 2];
  }
  return new ImageData(rgba, width, height);
}
