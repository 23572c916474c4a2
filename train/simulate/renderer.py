"""`Renderer`: draws a rig with OpenGL over EGL - a GPU where there is one, else Mesa's llvmpipe.

Per picture: pose on the CPU, one depth map per light into an atlas, the lit face at twice the size,
and a lens pass that averages it down, bends it and puts the background behind it. Light is linear
until the end; `render` encodes it as sRGB, `render_linear` leaves that to a simulated sensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError
from train.simulate import shaders
from train.simulate.avatar import Floats, Material
from train.simulate.optics import FAR_M, MAX_LIGHTS, NEAR_M, Camera, Lighting, Matrix, perspective
from train.simulate.rig import Rig
from train.simulate.sensor import encode

SHADOW_PX = 512
SUPERSAMPLING = 2
SRGB8_ALPHA8 = 0x8C43
"""OpenGL's name of the texture format that is read as linear light."""


class Renderer:
    """One rig, one picture size. An OpenGL context belongs to the thread that made it."""

    def __init__(self, rig: Rig, size_px: tuple[int, int]) -> None:
        """`size_px` is width, height. Raises `TrainError` where EGL is not to be had."""
        self._rig = rig
        self._size_px = size_px
        self._posed: Mapping[str, float] | None = None
        self._context = _open_context()
        self._depth = self._context.program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)
        self._face = self._context.program(shaders.FACE_VERTEX, shaders.FACE_FRAGMENT)
        self._normals = self._context.program(shaders.FACE_VERTEX, shaders.NORMAL_FRAGMENT)
        self._lens = self._context.program(shaders.LENS_VERTEX, shaders.LENS_FRAGMENT)
        self._face["base_texture"], self._face["shadow_atlas"] = 0, 1
        self._normals["base_texture"] = 0
        self._lens["scene"], self._lens["background"] = 0, 1
        self._textures = [_texture(self._context, s.material) for s in rig.surfaces]
        self._make_geometry()
        self._make_targets()

    @property
    def device(self) -> str:
        """What draws, as OpenGL names it."""
        return str(self._context.info["GL_RENDERER"])

    def render(
        self,
        coefficients: Mapping[str, float],
        camera: Camera,
        lighting: Lighting,
        background: Floats | None = None,
    ) -> NDArray[np.uint8]:
        """uint8[H, W, 3] RGB. `background` is linear float32[H, W, 3]; None is black."""
        return encode(self.render_linear(coefficients, camera, lighting, background))

    def render_linear(
        self,
        coefficients: Mapping[str, float],
        camera: Camera,
        lighting: Lighting,
        background: Floats | None = None,
    ) -> Floats:
        """float32[H, W, 3] RGB, linear light, 1 is white."""
        with self._context:  # there may be other renderers in this thread
            self._pose(coefficients)
            self._set_lights(lighting)
            self._draw_shadows(lighting)
            self._face["eye"] = camera.position_m
            self._atlas.use(1)
            self._draw_surfaces(self._face, self._face_mesh, camera)
            return self._through_lens(camera, background)

    def render_normals(self, coefficients: Mapping[str, float], camera: Camera) -> Floats:
        """float32[H, W, 3]: the direction that each place faces, as the camera sees it: right, up,
        and towards the camera, -1..1. Zero where nothing is, shorter than 1 at edges."""
        with self._context:
            self._pose(coefficients)
            self._normals["camera_from_head"].write(_columns(camera.camera_from_head()))
            self._draw_surfaces(self._normals, self._normals_mesh, camera)
            return self._through_lens(camera, None)

    def close(self) -> None:
        """Give back the context, and all that lives in it."""
        self._context.release()

    def _pose(self, coefficients: Mapping[str, float]) -> None:
        """Unless it is so posed: a render's normal pass follows it."""
        if coefficients == self._posed:
            return
        self._posed = dict(coefficients)
        positions, normals = self._rig.pose(coefficients)
        self._moving.write(np.hstack([positions, normals]).tobytes())

    def _make_geometry(self) -> None:
        rig, context = self._rig, self._context
        self._moving = context.buffer(reserve=len(rig.rest) * 24, dynamic=True)
        fixed = context.buffer(np.hstack([rig.uv, rig.colors]).tobytes())
        indices = context.buffer(rig.triangles.tobytes())
        moving = (self._moving, "3f 3f", "in_position", "in_normal")
        self._face_mesh = context.vertex_array(
            self._face, [moving, (fixed, "2f 3f", "in_uv", "in_color")], indices
        )
        self._normals_mesh = context.vertex_array(
            self._normals, [moving, (fixed, "2f 12x", "in_uv")], indices
        )
        self._depth_mesh = context.vertex_array(
            self._depth, [(self._moving, "3f 12x", "in_position")], indices
        )
        corners = context.buffer(np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4").tobytes())
        self._lens_mesh = context.vertex_array(self._lens, [(corners, "2f", "in_corner")])

    def _make_targets(self) -> None:
        context = self._context
        width, height = self._size_px
        scene_px = (width * SUPERSAMPLING, height * SUPERSAMPLING)
        self._atlas = context.depth_texture((SHADOW_PX * MAX_LIGHTS, SHADOW_PX))
        self._atlas.compare_func = "<="
        self._shadow_target = context.framebuffer(depth_attachment=self._atlas)
        self._scene = context.texture(scene_px, 4, dtype="f2")
        self._scene.repeat_x = self._scene.repeat_y = False
        self._scene_target = context.framebuffer(
            [self._scene], depth_attachment=context.depth_renderbuffer(scene_px)
        )
        self._background = context.texture(self._size_px, 3, dtype="f4")
        # Four components: not every driver draws to three.
        self._picture_target = context.framebuffer([context.texture(self._size_px, 4, dtype="f4")])

    def _set_lights(self, lighting: Lighting) -> None:
        lights = lighting.lights
        spare = MAX_LIGHTS - len(lights)
        nothing = [(0.0, 0.0, 0.0)] * spare
        face = self._face
        face["light_count"] = len(lights)
        face["light_position"] = [light.position_m for light in lights] + nothing
        face["light_intensity"] = [light.intensity for light in lights] + nothing
        matrices = [light.clip_from_head() for light in lights] + [np.eye(4)] * spare
        face["shadow_from_head"].write(b"".join(map(_columns, matrices)))
        face["shadow_softness"] = lighting.softness
        face["sky"], face["ground"] = lighting.sky, lighting.ground

    def _draw_shadows(self, lighting: Lighting) -> None:
        context, target = self._context, self._shadow_target
        target.use()
        target.viewport = (0, 0, *target.size)
        target.clear(depth=1.0)
        context.enable(moderngl.DEPTH_TEST)
        context.polygon_offset = (2.0, 2.0)
        for index, light in enumerate(lighting.lights):
            target.viewport = (index * SHADOW_PX, 0, SHADOW_PX, SHADOW_PX)
            self._depth["clip_from_head"].write(_columns(light.clip_from_head()))
            self._depth_mesh.render()
        context.polygon_offset = (0.0, 0.0)

    def _draw_surfaces(self, program: Any, mesh: Any, camera: Camera) -> None:
        width, height = self._size_px
        projection = perspective(self._scene_tangent(camera), width / height, NEAR_M, FAR_M)
        program["clip_from_head"].write(_columns(projection @ camera.camera_from_head()))
        self._scene_target.use()
        self._scene_target.clear()
        self._context.enable(moderngl.DEPTH_TEST)
        for surface, texture in zip(self._rig.surfaces, self._textures, strict=True):
            texture.use(0)
            program["base_color"] = surface.material.base_color
            program["alpha_cutoff"] = surface.material.alpha_cutoff
            if "roughness" in program:
                program["roughness"] = surface.material.roughness
            mesh.render(first=surface.first_index, vertices=surface.index_count)

    def _through_lens(self, camera: Camera, background: Floats | None) -> Floats:
        """What was drawn, as the lens shows it."""
        width, height = self._size_px
        if background is None:
            background = np.zeros((height, width, 3), np.float32)
        self._background.write(np.ascontiguousarray(background[::-1], np.float32).tobytes())
        scene_tangent = self._scene_tangent(camera)
        self._lens["tangent"] = (camera.tangent * width / height, camera.tangent)
        self._lens["scene_tangent"] = (scene_tangent * width / height, scene_tangent)
        self._lens["distortion"] = camera.distortion
        self._context.disable(moderngl.DEPTH_TEST)
        self._picture_target.use()
        self._scene.use(0)
        self._background.use(1)
        self._lens_mesh.render(moderngl.TRIANGLE_STRIP)
        data = self._picture_target.read(components=3, dtype="f4")
        return np.frombuffer(data, np.float32).reshape(height, width, 3)[::-1]  # rows run upwards

    def _scene_tangent(self, camera: Camera) -> float:
        """Of the undistorted scene: a barrel lens sees more of it towards the corners."""
        width, height = self._size_px
        corner2 = camera.tangent**2 * (1 + (width / height) ** 2)
        return camera.tangent * (1 + camera.distortion * corner2)


def _open_context() -> Any:
    # The names of the run-time libraries: moderngl's defaults need the -dev packages.
    libraries: dict[str, Any] = {"libgl": "libGL.so.1", "libegl": "libEGL.so.1"}
    try:
        return moderngl.create_context(require=330, standalone=True, backend="egl", **libraries)  # type: ignore[arg-type]
    except Exception as error:  # moderngl raises nothing narrower
        raise TrainError(
            f"rendering needs OpenGL 3.3 over EGL, which cannot be had here ({error}): install a "
            "GPU driver with EGL, or Mesa's renderer for CPUs "
            "(Debian, Ubuntu: apt-get install libegl1 libgl1 libgl1-mesa-dri)"
        ) from error


def _texture(context: Any, material: Material) -> Any:
    image = material.texture
    if image is None:
        image = np.full((1, 1, 4), 255, np.uint8)
    height, width = image.shape[:2]
    texture = context.texture((width, height), 4, image.tobytes(), internal_format=SRGB8_ALPHA8)
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    return texture


def _columns(matrix: Matrix) -> bytes:
    """As OpenGL reads matrices: column by column."""
    return matrix.T.astype("f4").tobytes()
