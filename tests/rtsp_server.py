"""A real RTSP server (GStreamer's) that streams numbered pictures as H.264, until it is killed.

Run it with the system's Python, which has GStreamer's bindings; it imports nothing of the project:

    /usr/bin/python3 tests/rtsp_server.py PORT WIDTH HEIGHT FPS [USER PASSWORD]

It prints one line, "ready PORT", once it can be connected to. The pictures carry the milliseconds
of the monotonic clock, as the blocks that `tests/servers.py` draws and reads.
"""

import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

COLUMNS, ROWS = 6, 4
DARK, BRIGHT = 16, 235


def draw(number: int, width: int, height: int) -> bytes:
    """The number's 24 bits as a grid of grey blocks; GRAY8, the rows one after the other."""
    edges = [column * width // COLUMNS for column in range(COLUMNS + 1)]
    picture = b""
    for row in range(ROWS):
        bits = [number >> (row * COLUMNS + column) & 1 for column in range(COLUMNS)]
        line = b"".join(
            bytes([BRIGHT if bit else DARK]) * (edges[column + 1] - edges[column])
            for column, bit in enumerate(bits)
        )
        picture += line * ((row + 1) * height // ROWS - row * height // ROWS)
    return picture


class Camera(GstRtspServer.RTSPMediaFactory):
    """One encoder, shared by all who connect, that draws a picture each time it is asked."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        super().__init__()
        self.size, self.fps = (width, height), fps
        self.set_shared(True)
        self.set_launch(
            f"( appsrc name=source is-live=true do-timestamp=true format=time"
            f" caps=video/x-raw,format=GRAY8,width={width},height={height},framerate={fps}/1"
            " ! videoconvert ! video/x-raw,format=I420"
            f" ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} threads=1"
            " ! rtph264pay name=pay0 pt=96 config-interval=1 )"
        )

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        source = media.get_element().get_by_name_recurse_up("source")

        def push() -> bool:
            number = time.monotonic_ns() // 1_000_000 & 0xFFFFFF
            buffer = Gst.Buffer.new_wrapped(draw(number, *self.size))
            return source.emit("push-buffer", buffer) == Gst.FlowReturn.OK

        timer = GLib.timeout_add(1000 // self.fps, push)
        media.connect("unprepared", lambda _: GLib.source_remove(timer))


def require_login(
    server: GstRtspServer.RTSPServer, camera: Camera, user: str, password: str
) -> None:
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    camera.set_permissions(permissions)


def main(port: str, width: str, height: str, fps: str, *login: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service=port)
    server.set_address("127.0.0.1")
    camera = Camera(int(width), int(height), int(fps))
    if login:
        require_login(server, camera, *login)
    server.get_mount_points().add_factory("/live", camera)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
