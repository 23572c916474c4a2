// Draws flat panels with WebGL 2, as an immersive view needs them: for each eye, from its place.
//
// Colours: the pictures are sRGB and so is what a headset shows, so values go through as they are.
// An sRGB texture would make them linear when read, and nobody would turn them back.

const VERTEX = `#version 300 es
uniform mat4 clip_from_eye, eye_from_room, room_from_panel;
in vec2 corner;
out vec2 spot;
void main() {
  spot = vec2(0.5 + corner.x, 0.5 - corner.y);
  gl_Position = clip_from_eye * eye_from_room * room_from_panel * vec4(corner, 0.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D picture;
uniform float light;
in vec2 spot;
out vec4 colour;
void main() {
  colour = vec4(texture(picture, spot).rgb * light, 1.0);
}`;
const CORNERS = new Float32Array([-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5]);
const GROUND = [0x0d / 255, 0x11 / 255, 0x17 / 255, 1]; // as the page's

export class Painter {
  #uniforms = {};

  /** Throws where there is no WebGL 2. */
  constructor() {
    const options = { xrCompatible: true, alpha: false, depth: false };
    this.gl = document.createElement("canvas").getContext("webgl2", options);
    if (!this.gl) throw new Error("this browser has no WebGL 2");
    const program = this.#program();
    for (const name of ["clip_from_eye", "eye_from_room", "room_from_panel", "light"]) {
      this.#uniforms[name] = this.gl.getUniformLocation(program, name);
    }
  }

  /** Begin a frame of an immersive session. */
  begin(layer) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, layer.framebuffer);
    gl.clearColor(...GROUND);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** What follows is for this eye. */
  look(viewport, view) {
    const { gl } = this;
    gl.viewport(viewport.x, viewport.y, viewport.width, viewport.height);
    gl.uniformMatrix4fv(this.#uniforms.clip_from_eye, false, view.projectionMatrix);
    gl.uniformMatrix4fv(this.#uniforms.eye_from_room, false, view.transform.inverse.matrix);
  }

  /** Draw a texture on a panel; `place` is room_from_panel, of a panel 1 m wide and high. */
  draw(texture, place, light) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.uniformMatrix4fv(this.#uniforms.room_from_panel, false, place);
    gl.uniform1f(this.#uniforms.light, light);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  texture() {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    }
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    return texture;
  }

  /** Put an ImageBitmap or a canvas into a texture, the top row first. */
  fill(texture, source) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, source);
  }

  /** Give everything back to the graphics card. */
  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  #program() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      throw new Error(`the shaders do not link: ${gl.getProgramInfoLog(program)}`);
    }
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, CORNERS, gl.STATIC_DRAW);
    const corner = gl.getAttribLocation(program, "corner");
    gl.enableVertexAttribArray(corner);
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
    return program;
  }
}
