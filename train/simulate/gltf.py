"""The glTF 2.0 container: JSON, buffers, accessors, images; an untrusted file, so all is checked.

Every index and offset that the file gives is checked before use, and whatever is wrong is one
`BadAvatar`.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from calibration.opencv import cv2
from train.errors import BadAvatar
from train.simulate.gltf_schema import Document, Sparse

T = TypeVar("T")
MAX_FILE_BYTES = 1 << 30
MAX_TEXTURE_PX = 2048
"""Larger textures are scaled down: no simulated picture shows more detail."""

DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
COMPRESSIONS = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")


def pick(items: Sequence[T], index: int, what: str) -> T:
    """`items[index]`. Raises `BadAvatar` for an index that the file does not have."""
    if index >= len(items):
        raise BadAvatar(f"refers to {what} {index}, but has only {len(items)}")
    return items[index]


class Gltf:
    """An open file. Errors do not name the file: whoever opened it does."""

    def __init__(self, path: Path) -> None:
        """Read and check `path` (.glb, .vrm, .gltf). Raises `BadAvatar`."""
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise BadAvatar(f"is larger than {MAX_FILE_BYTES >> 20} MiB")
            data = path.read_bytes()
        except OSError as error:
            raise BadAvatar(f"cannot be read: {error.strerror}") from error
        text, self._chunk = _split(data)
        try:
            self.document = Document.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the JSON"
            raise BadAvatar(f"is no valid glTF 2.0: {where}: {first['msg']}") from error
        if not self.document.asset.version.startswith("2."):
            raise BadAvatar(f"is glTF {self.document.asset.version}, not 2.0: export it again")
        for name in COMPRESSIONS:
            if name in self.document.extensionsRequired:
                raise BadAvatar(f"uses {name}: export it again without mesh compression")
        self._folder = path.resolve().parent
        self._buffers: dict[int, bytes] = {}

    def array(self, index: int) -> NDArray[Any]:
        """Accessor `index` as [count, width]; normalized integers as float32 in [-1, 1]."""
        accessor = pick(self.document.accessors, index, "accessor")
        dtype, width = np.dtype(DTYPES[accessor.componentType]), WIDTHS[accessor.type]
        array: NDArray[Any] = np.zeros((accessor.count, width), dtype)
        if accessor.bufferView is not None:
            array = self._read(accessor.bufferView, accessor.byteOffset, array)
        if accessor.sparse is not None:
            array = self._patched(array, accessor.sparse)
        if accessor.normalized and dtype.kind in "iu":
            return np.maximum(array.astype(np.float32) / np.iinfo(dtype).max, -1.0)
        if dtype.kind == "f" and not np.isfinite(array).all():
            raise BadAvatar(f"accessor {index} holds numbers that are not finite")
        return array

    def image(self, index: int) -> NDArray[np.uint8]:
        """Image of texture `index`, uint8[H, W, 4] RGBA, at most `MAX_TEXTURE_PX` on a side."""
        source = pick(self.document.textures, index, "texture").source
        if source is None:
            raise BadAvatar(f"texture {index} is no PNG or JPEG: export it again with those")
        image = pick(self.document.images, source, "image")
        if image.bufferView is not None:
            data: bytes | memoryview = self._view(image.bufferView)
        elif image.uri is not None:
            data = self._resource(image.uri)
        else:
            raise BadAvatar(f"image {source} has no data")
        return _decoded(data, f"image {source}")

    def _read(self, view_index: int, offset: int, like: NDArray[Any]) -> NDArray[Any]:
        """What lies in a buffer view, of the shape and type of `like`."""
        data = self._view(view_index)
        if not len(like):
            return like
        width = like.itemsize * like.shape[1]
        stride = self.document.bufferViews[view_index].byteStride or width
        end = offset + stride * (len(like) - 1) + width
        if end > len(data):
            raise BadAvatar(
                f"bufferView {view_index} has {len(data)} bytes, but {end} are read from it: the "
                "file is damaged"
            )
        return np.ndarray(like.shape, like.dtype, data, offset, (stride, like.itemsize))

    def _patched(self, array: NDArray[Any], sparse: Sparse) -> NDArray[Any]:
        """`array` with the elements replaced that a sparse accessor lists."""
        if sparse.count > len(array):
            raise BadAvatar("a sparse accessor lists more elements than there are")
        indices = np.zeros((sparse.count, 1), DTYPES[sparse.indices.componentType])
        indices = self._read(sparse.indices.bufferView, sparse.indices.byteOffset, indices)
        values = np.zeros((sparse.count, array.shape[1]), array.dtype)
        values = self._read(sparse.values.bufferView, sparse.values.byteOffset, values)
        if indices.dtype.kind != "u" or (indices.size and indices.max() >= len(array)):
            raise BadAvatar("a sparse accessor points outside of its array")
        array = array.copy()
        array[indices[:, 0]] = values
        return array

    def _view(self, index: int) -> memoryview:
        view = pick(self.document.bufferViews, index, "bufferView")
        data = self._buffer(view.buffer)
        if view.byteOffset + view.byteLength > len(data):
            raise BadAvatar(
                f"bufferView {index} ends at byte {view.byteOffset + view.byteLength} of a buffer "
                f"of {len(data)}: the file is cut off or damaged"
            )
        return memoryview(data)[view.byteOffset : view.byteOffset + view.byteLength]

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            uri = pick(self.document.buffers, index, "buffer").uri
            if uri is not None:
                self._buffers[index] = self._resource(uri)
            elif index == 0 and self._chunk is not None:
                self._buffers[index] = self._chunk
            else:
                raise BadAvatar(f"buffer {index} has no data")
        return self._buffers[index]

    def _resource(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2], validate=True)
            except binascii.Error as error:
                raise BadAvatar("holds a damaged data: URI") from error
        try:
            path = (self._folder / unquote(uri)).resolve()
            if not path.is_relative_to(self._folder):
                raise BadAvatar(f"refers to {uri!r}, outside of its own folder: refused")
            if path.exists() and not (path.is_file() and path.stat().st_size <= MAX_FILE_BYTES):
                raise BadAvatar(f"refers to {uri!r}, which is no file, or too large: refused")
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise BadAvatar(f"refers to {uri!r}, which cannot be read") from error


def _split(data: bytes) -> tuple[bytes, bytes | None]:
    """The JSON and the binary chunk (None in a .gltf) of a file."""
    if not data.startswith(b"glTF"):
        if not data.lstrip()[:1] == b"{":
            raise BadAvatar("is no glTF 2.0, GLB or VRM file")
        return data, None
    if len(data) < 20:
        raise BadAvatar("is cut off: it ends within its header")
    _, version, length = struct.unpack_from("<4sII", data)
    if version != 2:
        raise BadAvatar(f"is GLB version {version}, not 2: export it again as glTF 2.0")
    if length > len(data):
        raise BadAvatar(f"is cut off: its header says {length} bytes, it has {len(data)}")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise BadAvatar("is damaged: a chunk reads past the end of the file")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    json_chunk, binary_chunk = 0x4E4F534A, 0x004E4942
    if json_chunk not in chunks:
        raise BadAvatar("is damaged: it has no JSON chunk")
    return chunks[json_chunk], chunks.get(binary_chunk)


def _decoded(data: bytes | memoryview, what: str) -> NDArray[np.uint8]:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:  # no bytes, or more pixels than OpenCV allows
        image = None
    if image is None or image.dtype != np.uint8:
        raise BadAvatar(f"{what} is no 8-bit PNG or JPEG")
    scale = MAX_TEXTURE_PX / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    codes = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    channels = 1 if image.ndim == 2 else image.shape[2]
    return np.asarray(cv2.cvtColor(image, codes[channels]), np.uint8)
