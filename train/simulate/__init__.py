"""`python -m train simulate`: renders simulated headset sessions from an avatar with ARKit shapes.

command.py          writes the data set: v/, truth/, c/, coefficients.json, clips (video.py)
├── output.py       folders, PNG and JSON
├── expressions.py  what the face does: random stills and speech-like trajectories
├── scene.py        what surrounds it, by seed: camera and lights (optics.py), background, sensor
├── backgrounds.py  a folder of pictures, and parts of them
├── renderer.py     OpenGL over EGL: Renderer(Rig(avatar), size).render(coefficients, camera, ...)
│   ├── shaders.py
│   └── rig.py      the avatar in the head frame: morphing and normals on the CPU
├── avatar.py       meshes, materials and shapes (arkit.py) of a glTF 2.0 / VRM file
│   ├── nodes.py    node transforms and skins
│   └── gltf.py     the container: JSON (gltf_schema.py), buffers, accessors, images
└── sensor.py       from light to pixels: exposure, vignette, noise, compression
"""
