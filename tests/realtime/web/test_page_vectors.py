"""The page reads the wire as the test vectors say, in a real browser."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from realtime.wire import MAGIC
from tests.realtime.web.serving import Served
from tests.vectors.make import HERE as VECTORS
from tests.vectors.read import Block, blocks, message, same

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_the_page_reads_the_test_vectors_as_expected(page: Page, served: Served) -> None:
    forms = [(block, browser_form(block)) for block in blocks(VECTORS / "expected.txt")]
    expected = [block for block, form in forms if form is not None]
    messages = [base64.b64encode(form).decode() for _, form in forms if form is not None]
    assert len(messages) > 30
    page.goto(served.web.urls[0])
    told = page.evaluate(DESCRIBE, messages)
    for ours, block in zip(told, expected, strict=True):
        same({"name": block["name"]} | ours, {k: v for k, v in block.items() if k != "topic"})


def browser_form(block: Block) -> bytes | None:
    """`header|payload` of a vector; None for one that is about topics or parts, which a browser
    does not get."""
    if block["result"] in ("bad_parts", "bad_topic", "long_header", "short_header"):
        return None
    parts = message(VECTORS / f"{block['name']}.msg")
    if len(parts) > 1:
        return b"".join(parts[1:])
    # Where there is no magic behind a topic, there is no topic to take away.
    return None if block["result"] == "bad_magic" else parts[0][parts[0].index(MAGIC) :]


DESCRIBE = """async (messages) => {
  const { parse } = await import("/wire.js");
  const { decode } = await import("/picture.js");
  const { Video, asPicture } = await import("/video.js");
  const { Screen } = await import("/screen.js");
  const { Figures } = await import("/figures.js");
  const canvas = document.createElement("canvas");
  const [screen, figures] = [new Screen(canvas), new Figures()];
  const told = [];
  let settle;
  const video = new Video({ onFrame: (item) => settle.resolve(item),
    onDamage: (error) => settle.reject(error), onCannot: (why) => settle.reject(why) });
  const pictureOf = async ({ payload, ...header }) => {
    if (header.codec !== 2) return decode(header, payload);
    const { frame } = await new Promise((resolve, reject) => {
      settle = { resolve, reject };
      video.decode(header, payload);
    });
    return asPicture(header, frame);
  };
  for (const text of messages) {
    try {
      const packet = parse(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
      const before = { ...figures };
      screen.show(await pictureOf(packet));
      figures.shown(packet, 0);
      const { width, height } = canvas;
      const spots = [1, 3].flatMap((row) => [1, 3].map((column) =>
        [...canvas.getContext("2d").getImageData(Math.floor(column * width / 4),
          Math.floor(row * height / 4), 1, 1).data.slice(0, 3)].join(",")));
      const { payload, ...header } = packet;
      told.push({ result: "ok", ...header, lost: figures.dropped - before.dropped,
        restart: figures.restarts - before.restarts, picture: spots.join(" ") });
    } catch (error) {
      told.push({ result: error.reason ?? String(error) });
    }
  }
  return told.map((block) =>
    Object.fromEntries(Object.entries(block).map(([key, value]) => [key, String(value)])));
}"""
