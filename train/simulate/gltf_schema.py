"""The part of glTF 2.0's JSON that an avatar needs, as pydantic models; unknown keys are ignored.

Indices are checked to be whole numbers here, and to exist where they are followed (`gltf`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Index = Annotated[int, Field(ge=0, strict=True)]
MAX_ELEMENTS = 1 << 23
"""More elements than this in one accessor is no avatar but an attack or damage."""

Component = Literal[5120, 5121, 5122, 5123, 5125, 5126]
"""GL's names of int8, uint8, int16, uint16, uint32, float32."""
Length = Annotated[float, Field(ge=-1e9, le=1e9)]
"""Beyond this it is damage, and products might not be finite."""
Vec3 = tuple[Length, Length, Length]
Cosine = Annotated[float, Field(ge=-1.001, le=1.001)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Asset(_Part):
    version: str
    copyright: str = ""


class Buffer(_Part):
    byteLength: Index
    uri: str | None = None


class BufferView(_Part):
    buffer: Index
    byteLength: Index
    byteOffset: Index = 0
    byteStride: Annotated[int, Field(ge=1, le=252)] | None = None


class SparsePart(_Part):
    bufferView: Index
    byteOffset: Index = 0
    componentType: Component = 5126


class Sparse(_Part):
    count: Index
    indices: SparsePart
    values: SparsePart


class Accessor(_Part):
    componentType: Component
    count: Annotated[int, Field(ge=0, le=MAX_ELEMENTS)]
    type: Literal["SCALAR", "VEC2", "VEC3", "VEC4", "MAT2", "MAT3", "MAT4"]
    bufferView: Index | None = None
    byteOffset: Index = 0
    normalized: bool = False
    sparse: Sparse | None = None


class Primitive(_Part):
    attributes: dict[str, Index]
    indices: Index | None = None
    material: Index | None = None
    mode: int = 4
    targets: tuple[dict[str, Index], ...] = ()
    extras: Any = None


class Mesh(_Part):
    primitives: tuple[Primitive, ...]
    name: str = ""
    extras: Any = None


class Node(_Part):
    children: tuple[Index, ...] = ()
    mesh: Index | None = None
    skin: Index | None = None
    matrix: Annotated[tuple[Length, ...], Field(min_length=16, max_length=16)] | None = None
    translation: Vec3 = (0.0, 0.0, 0.0)
    rotation: tuple[Cosine, Cosine, Cosine, Cosine] = (0.0, 0.0, 0.0, 1.0)
    scale: Vec3 = (1.0, 1.0, 1.0)


class Scene(_Part):
    nodes: tuple[Index, ...] = ()


class Skin(_Part):
    joints: tuple[Index, ...]
    inverseBindMatrices: Index | None = None


class TextureRef(_Part):
    index: Index


class Pbr(_Part):
    baseColorFactor: tuple[Share, Share, Share, Share] = (1.0, 1.0, 1.0, 1.0)
    baseColorTexture: TextureRef | None = None
    roughnessFactor: Share = 1.0


class Material(_Part):
    pbrMetallicRoughness: Pbr = Pbr()
    alphaMode: Literal["OPAQUE", "MASK", "BLEND"] = "OPAQUE"
    alphaCutoff: float = 0.5


class Texture(_Part):
    source: Index | None = None


class ImageRef(_Part):
    bufferView: Index | None = None
    uri: str | None = None


class Document(_Part):
    asset: Asset
    buffers: tuple[Buffer, ...] = ()
    bufferViews: tuple[BufferView, ...] = ()
    accessors: tuple[Accessor, ...] = ()
    meshes: tuple[Mesh, ...] = ()
    nodes: tuple[Node, ...] = ()
    scenes: tuple[Scene, ...] = ()
    scene: Index = 0
    skins: tuple[Skin, ...] = ()
    materials: tuple[Material, ...] = ()
    textures: tuple[Texture, ...] = ()
    images: tuple[ImageRef, ...] = ()
    extensionsRequired: tuple[str, ...] = ()
