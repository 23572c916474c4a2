/* Prints what examples/native makes of messages, as tests/vectors/README.md says it.
 *
 *     describe FILE.msg ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avatar_header.h"
#ifdef AVATAR_WITH_JPEG
#include "avatar_jpeg.h"
#endif

enum { MOST_BYTES = 1 << 16, MOST_PARTS = 8 };

static size_t split(const uint8_t *data, size_t size, avatar_part *parts) {
    size_t count = 0, at = 0;
    while (at < size && count < MOST_PARTS) {
        parts[count].size = avatar_u32(data + at);
        parts[count].data = data + at + 4;
        at += 4 + parts[count++].size;
    }
    return count;
}

static void print_pixels(const avatar_packet *packet, const uint8_t *rgb) {
    const char *before = "picture=";
    for (int row = 1; row <= 3; row += 2)
        for (int column = 1; column <= 3; column += 2) {
            int y = row * packet->height / 4, x = column * packet->width / 4;
            const uint8_t *pixel = rgb + ((size_t)y * packet->width + x) * 3;
            printf("%s%d,%d,%d", before, pixel[0], pixel[1], pixel[2]);
            before = " ";
        }
    putchar('\n');
}

static void print_fields(const avatar_packet *it, const avatar_packet *last) {
    int same = last != NULL && last->stream_id == it->stream_id;
    printf("topic=%s\ncodec=%u\nflags=%u\n", it->topic, it->codec, it->flags);
    printf("stream_id=%u\nseq=%u\n", it->stream_id, it->seq);
    printf("capture_us=%llu\n", (unsigned long long)it->capture_us);
    printf("publish_us=%llu\n", (unsigned long long)it->publish_us);
    printf("pts_us=%llu\n", (unsigned long long)it->pts_us);
    printf("width=%u\nheight=%u\nview=%u\n", it->width, it->height, it->view);
    printf("fps_x100=%u\npayload_bytes=%u\n", it->fps_x100, it->payload_bytes);
    printf("crc32=%u\n", avatar_crc32(it->payload, it->payload_bytes));
    printf("infer_us=%u\n", it->infer_us);
    printf("lost=%u\n", same ? avatar_seq_gap(last->seq, it->seq) : 0);
    printf("restart=%d\n", last != NULL && !same);
}

/* The pixels in `*rgb`, to be freed; or why there are none. */
static const char *decode(const avatar_packet *packet, uint8_t **rgb) {
    *rgb = NULL;
    if (packet->codec == AVATAR_RAW) {
        *rgb = (uint8_t *)malloc(packet->payload_bytes);
        memcpy(*rgb, packet->payload, packet->payload_bytes);
    }
#ifdef AVATAR_WITH_JPEG
    if (packet->codec == AVATAR_JPEG) {
        *rgb = (uint8_t *)malloc((size_t)packet->width * packet->height * 3);
        return avatar_decode_jpeg(packet, *rgb);
    }
#endif
    return NULL;
}

static void describe(const uint8_t *data, size_t size, avatar_packet *last, int *taken) {
    avatar_part parts[MOST_PARTS];
    avatar_packet packet;
    uint8_t *rgb = NULL;
    const char *wrong = avatar_parse(parts, split(data, size, parts), &packet);
    if (!wrong) wrong = decode(&packet, &rgb);
    printf("result=%s\n", wrong ? wrong : "ok");
    if (!wrong) {
        print_fields(&packet, *taken ? last : NULL);
        if (rgb) print_pixels(&packet, rgb);
        *last = packet;
        *taken = 1;
    }
    free(rgb);
}

int main(int count, char **paths) {
    static uint8_t data[MOST_BYTES];
    avatar_packet last;
    int taken = 0;
    for (int i = 1; i < count; i++) {
        const char *name = strrchr(paths[i], '/');
        name = name ? name + 1 : paths[i];
        FILE *file = fopen(paths[i], "rb");
        if (!file) return 1;
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        printf("%sname=%.*s\n", i > 1 ? "\n" : "", (int)strcspn(name, "."), name);
        describe(data, size, &last, &taken);
    }
    return 0;
}
