/* A V4L2 camera for a program that is started with LD_PRELOAD of this: OpenCV's own driver code runs,
   and the system calls that would reach a device end here.

       gcc -shared -fPIC -o v4l2_camera.so v4l2_camera.c -ldl -lpthread

   V4L2_CAMERA is the path of the device: a pipe, which nothing is read from; the camera is unplugged
   when it is gone. V4L2_CONTROL is a file of one letter, how the camera behaves: g good, h hangs in the
   system call, s silent, f frozen, e errors, t torn pictures (of JPEG only). Pictures are 64x64, 30 a
   second: raw (YUYV), with the milliseconds of the monotonic clock in blocks as tests/pictures.py
   draws them; or, where there is a V4L2_JPEG, what is in that file. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SIDE = 64, COLUMNS = 6, ROWS = 4, BUFFERS = 4, BUFFER_BYTES = 1 << 16, FPS = 30 };

static int device = -1, bell = -1; /* the ends of a pipe: readable when a picture is there */
static int streaming;
static pthread_t ticker;
static unsigned char *buffers[BUFFERS];
static unsigned count = BUFFERS, queued, filled; /* of a ring: how many there are, how often */
static long frozen_ms;

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int unplugged(void) {
    return access(getenv("V4L2_CAMERA"), F_OK) != 0;
}

static char behaviour(void) {
    char letter = 'g';
    FILE *control = fopen(getenv("V4L2_CONTROL"), "r");
    if (control) {
        if (fread(&letter, 1, 1, control) != 1) letter = 'g';
        fclose(control);
    }
    return letter;
}

static void *tick(void *unused) {
    (void)unused;
    while (streaming && !unplugged()) {
        usleep(1000000 / FPS);
        if (behaviour() != 's' && write(bell, "", 1) != 1 && errno != EAGAIN) break;
    }
    close(bell); /* wakes who waits for a picture */
    bell = -1;
    return NULL;
}

static void draw(unsigned char *yuyv) {
    long now = now_ms() & 0xFFFFFE; /* the lowest bit is another's */
    if (behaviour() == 'f') now = frozen_ms = frozen_ms ? frozen_ms : now;
    else frozen_ms = 0;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int column = 0, row = 0;
            while ((column + 1) * SIDE / COLUMNS <= x) column++;
            while ((row + 1) * SIDE / ROWS <= y) row++;
            unsigned char *pixel = yuyv + 2 * (y * SIDE + x);
            pixel[0] = now >> (row * COLUMNS + column) & 1 ? 235 : 16;
            pixel[1] = 128;
        }
}

static size_t load(unsigned char *jpeg) {
    FILE *file = fopen(getenv("V4L2_JPEG"), "r");
    size_t bytes = file ? fread(jpeg, 1, BUFFER_BYTES, file) : 0;
    if (file) fclose(file);
    return behaviour() == 't' ? bytes / 2 : bytes;
}

static int take(struct v4l2_buffer *buffer) {
    char one;
    if (behaviour() == 'h') while (behaviour() == 'h') usleep(10000);
    if (unplugged()) return errno = ENODEV, -1;
    if (behaviour() == 'e') return errno = EIO, buffer->flags = V4L2_BUF_FLAG_QUEUED, -1;
    if (read(device, &one, 1) != 1) return errno = unplugged() ? ENODEV : EAGAIN, -1;
    if (filled == queued) return errno = EAGAIN, -1;
    buffer->index = filled++ % count;
    buffer->length = BUFFER_BYTES;
    buffer->bytesused = 2 * SIDE * SIDE;
    buffer->sequence = filled;
    if (getenv("V4L2_JPEG")) buffer->bytesused = load(buffers[buffer->index]);
    else draw(buffers[buffer->index]);
    return 0;
}

static int start(void) {
    streaming = 1;
    return pthread_create(&ticker, NULL, tick, NULL);
}

static int stop(void) {
    if (streaming) {
        streaming = 0;
        pthread_join(ticker, NULL);
    }
    queued = filled = 0;
    return 0;
}

static int answer(unsigned long request, void *argument) {
    if (unplugged()) return errno = ENODEV, -1;
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *told = argument;
        memset(told, 0, sizeof *told);
        strcpy((char *)told->driver, "test");
        strcpy((char *)told->card, "A test's camera");
        told->capabilities = told->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_G_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_ENUMINPUT: {
        struct v4l2_input *told = argument;
        if (told->index) return errno = EINVAL, -1;
        told->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    }
    case VIDIOC_G_FMT: case VIDIOC_S_FMT: case VIDIOC_TRY_FMT: {
        struct v4l2_pix_format *told = &((struct v4l2_format *)argument)->fmt.pix;
        told->width = told->height = SIDE;
        told->pixelformat = getenv("V4L2_JPEG") ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
        told->field = V4L2_FIELD_NONE;
        told->bytesperline = 2 * SIDE;
        told->sizeimage = 2 * SIDE * SIDE;
        return 0;
    }
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: {
        struct v4l2_captureparm *told = &((struct v4l2_streamparm *)argument)->parm.capture;
        told->capability = V4L2_CAP_TIMEPERFRAME;
        told->timeperframe = (struct v4l2_fract){1, FPS};
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *told = argument;
        if (told->count > BUFFERS) told->count = BUFFERS;
        if (told->count) count = told->count;
        queued = filled = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF: {
        struct v4l2_buffer *told = argument;
        told->length = BUFFER_BYTES;
        told->m.offset = told->index * BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_QBUF: queued++; return 0;
    case VIDIOC_DQBUF: return take(argument);
    case VIDIOC_STREAMON: return start();
    case VIDIOC_STREAMOFF: return stop();
    default: return errno = EINVAL, -1;
    }
}

static int open_device(void) {
    int ends[2];
    if (unplugged()) return errno = ENOENT, -1;
    if (device >= 0) return errno = EBUSY, -1;
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) return -1;
    device = ends[0], bell = ends[1];
    return device;
}

static int is_ours(const char *path) {
    const char *ours = getenv("V4L2_CAMERA");
    return ours && path && strcmp(path, ours) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return is_ours(path) ? open_device() : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return is_ours(path) ? open_device() : REAL(open64)(path, flags, mode);
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor == device) {
        stop();
        device = -1;
    }
    return REAL(close)(descriptor);
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (descriptor >= 0 && descriptor == device) return answer((unsigned)request, argument);
    return REAL(ioctl)(descriptor, request, argument);
}

static void *map(void *at, size_t length, off64_t offset) {
    int both = PROT_READ | PROT_WRITE; /* the program asks to read only, and a device writes */
    void *memory = REAL(mmap64)(at, length, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) buffers[offset / BUFFER_BYTES % BUFFERS] = memory;
    return memory;
}

void *mmap(void *at, size_t length, int access, int flags, int descriptor, off_t offset) {
    if (descriptor >= 0 && descriptor == device) return map(at, length, offset);
    return REAL(mmap)(at, length, access, flags, descriptor, offset);
}

void *mmap64(void *at, size_t length, int access, int flags, int descriptor, off64_t offset) {
    if (descriptor >= 0 && descriptor == device) return map(at, length, offset);
    return REAL(mmap64)(at, length, access, flags, descriptor, offset);
}
