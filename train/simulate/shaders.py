"""GLSL of the renderer: depth seen from a light, the lit face, its normals, and the lens that looks
at them."""

from train.simulate.optics import MAX_LIGHTS

DEPTH_VERTEX = """
#version 330
uniform mat4 clip_from_head;
in vec3 in_position;
void main() { gl_Position = clip_from_head * vec4(in_position, 1.0); }
"""

DEPTH_FRAGMENT = """
#version 330
void main() {}
"""

FACE_VERTEX = """
#version 330
uniform mat4 clip_from_head;
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
in vec3 in_color;
out vec3 position;
out vec3 normal;
out vec2 uv;
out vec3 color;
void main() {
    position = in_position;
    normal = in_normal;
    uv = in_uv;
    color = in_color;
    gl_Position = clip_from_head * vec4(in_position, 1.0);
}
"""

# Lambert wrapped by a few per cent, red furthest: light that travels under the skin and comes out
# beyond the terminator. GGX for the sheen. A light's shadow map is one tile of an atlas.
FACE_FRAGMENT = f"""
#version 330
const int MAX_LIGHTS = {MAX_LIGHTS};
const float PI = 3.14159265;
const vec3 WRAP = vec3(0.22, 0.10, 0.06);
const float F0 = 0.035;

uniform vec3 eye;
uniform int light_count;
uniform vec3 light_position[MAX_LIGHTS];
uniform vec3 light_intensity[MAX_LIGHTS];
uniform mat4 shadow_from_head[MAX_LIGHTS];
uniform float shadow_softness;
uniform vec3 sky;
uniform vec3 ground;
uniform vec4 base_color;
uniform float roughness;
uniform float alpha_cutoff;
uniform sampler2D base_texture;
uniform sampler2DShadow shadow_atlas;

in vec3 position;
in vec3 normal;
in vec2 uv;
in vec3 color;
out vec4 radiance;

float visibility(int light, vec3 at) {{
    vec4 clip = shadow_from_head[light] * vec4(at, 1.0);
    vec3 ndc = clip.xyz / clip.w;
    if (max(abs(ndc.x), abs(ndc.y)) > 0.98) return 1.0;
    vec3 tile = ndc * 0.5 + 0.5;
    vec2 texel = shadow_softness / vec2(textureSize(shadow_atlas, 0).y);
    float lit = 0.0;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {{
            vec2 where = clamp(tile.xy + vec2(dx, dy) * texel, 0.002, 0.998);
            where.x = (where.x + float(light)) / float(MAX_LIGHTS);
            lit += texture(shadow_atlas, vec3(where, tile.z));
        }}
    return lit / 9.0;
}}

float sheen(vec3 n, vec3 v, vec3 l, float n_l, float n_v) {{
    vec3 h = normalize(v + l);
    float n_h = max(dot(n, h), 0.0);
    float a = roughness * roughness;
    float d = n_h * n_h * (a * a - 1.0) + 1.0;
    float k = a * 0.5;
    float shape = 0.25 / ((n_l * (1.0 - k) + k) * (n_v * (1.0 - k) + k));
    float fresnel = F0 + (1.0 - F0) * pow(clamp(1.0 - dot(v, h), 0.0, 1.0), 5.0);
    return a * a / (PI * d * d) * shape * fresnel;
}}

void main() {{
    vec4 albedo = base_color * texture(base_texture, uv) * vec4(color, 1.0);
    if (albedo.a < alpha_cutoff) discard;
    vec3 v = normalize(eye - position);
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    float n_v = max(dot(n, v), 0.05);
    vec3 result = albedo.rgb * mix(ground, sky, n.y * 0.5 + 0.5);
    for (int i = 0; i < light_count; ++i) {{
        vec3 to_light = light_position[i] - position;
        float distance2 = dot(to_light, to_light);
        vec3 l = to_light * inversesqrt(distance2);
        float cosine = dot(n, l);
        vec3 arriving = light_intensity[i] / distance2 * visibility(i, position + 0.0015 * n);
        vec3 diffuse = max((cosine + WRAP) / (1.0 + WRAP), 0.0) * albedo.rgb;
        float n_l = max(cosine, 0.0);
        result += arriving * (diffuse + PI * n_l * sheen(n, v, l, max(n_l, 0.01), n_v));
    }}
    radiance = vec4(result, 1.0);
}}
"""

# What a normal pass holds: the direction that a place faces, seen from the camera.
NORMAL_FRAGMENT = """
#version 330
uniform mat4 camera_from_head;
uniform vec4 base_color;
uniform float alpha_cutoff;
uniform sampler2D base_texture;
in vec3 normal;
in vec2 uv;
out vec4 direction;
void main() {
    if ((base_color * texture(base_texture, uv)).a < alpha_cutoff) discard;
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    direction = vec4(mat3(camera_from_head) * n, 1.0);
}
"""

LENS_VERTEX = """
#version 330
in vec2 in_corner;
out vec2 image;
void main() { image = in_corner; gl_Position = vec4(in_corner, 0.0, 1.0); }
"""

# The scene is drawn at twice the size. Four taps around a pixel's centre weigh four by four texels,
# 1 3 3 1 each way: a lens blurs over about a pixel, and so edges come out smooth.
LENS_FRAGMENT = """
#version 330
uniform vec2 tangent;
uniform vec2 scene_tangent;
uniform float distortion;
uniform sampler2D scene;
uniform sampler2D background;
in vec2 image;
out vec4 picture;
void main() {
    vec2 ray = image * tangent;
    ray *= 1.0 + distortion * dot(ray, ray);
    vec2 at = ray / scene_tangent * 0.5 + 0.5;
    vec2 reach = 0.75 / vec2(textureSize(scene, 0));
    vec4 face = vec4(0.0);
    for (int dy = -1; dy <= 1; dy += 2)
        for (int dx = -1; dx <= 1; dx += 2)
            face += texture(scene, at + vec2(dx, dy) * reach) / 4.0;
    vec3 behind = texture(background, image * 0.5 + 0.5).rgb;
    picture = vec4(face.rgb + (1.0 - face.a) * behind, 1.0);
}
"""
