/* Decodes the JPEG payload of an avatar_packet with libjpeg (or libjpeg-turbo): link with -ljpeg. */
#ifndef AVATAR_JPEG_H
#define AVATAR_JPEG_H

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */

#include <jpeglib.h>

#include "avatar_header.h"

typedef struct {
    struct jpeg_error_mgr manager; /* must be the first: libjpeg hands out a pointer to it */
    jmp_buf escape;
} avatar_jpeg_error;

static inline void avatar_jpeg_fail(j_common_ptr info) {
    longjmp(((avatar_jpeg_error *)info->err)->escape, 1);
}

/* libjpeg fills up what is damaged and only warns; here that is a failure. */
static inline void avatar_jpeg_warn(j_common_ptr info, int level) {
    if (level < 0) avatar_jpeg_fail(info);
}

/* Fills `rgb`, which has room for width * height * 3 bytes of the packet; top row first.
 * NULL: done; otherwise "bad_payload": damaged, or not of the size that the header says. */
static inline const char *avatar_decode_jpeg(const avatar_packet *packet, uint8_t *rgb) {
    struct jpeg_decompress_struct info;
    avatar_jpeg_error error;
    info.err = jpeg_std_error(&error.manager);
    error.manager.error_exit = avatar_jpeg_fail;
    error.manager.emit_message = avatar_jpeg_warn;
    if (setjmp(error.escape)) {
        jpeg_destroy_decompress(&info);
        return "bad_payload";
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, (unsigned char *)packet->payload, packet->payload_bytes);
    jpeg_read_header(&info, TRUE);
    if (info.image_width != packet->width || info.image_height != packet->height)
        avatar_jpeg_fail((j_common_ptr)&info);
    info.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = rgb + (size_t)info.output_scanline * packet->width * 3;
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return NULL;
}

#endif
