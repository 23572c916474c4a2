/* Reads messages of the avatar stream, wire version 1: bytes in, header and payload out. No I/O, no
 * allocation, no dependency; C99 and C++. What the bytes mean is in docs/protocol.md.
 *
 *     avatar_packet packet;
 *     const char *wrong = avatar_parse(parts, count, &packet);
 *     if (wrong) { count it, take the next message }
 *     else       { packet.payload is packet.payload_bytes of packet.codec }
 */
#ifndef AVATAR_HEADER_H
#define AVATAR_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define AVATAR_HEADER_BYTES 64
#define AVATAR_LONGEST_TOPIC 71 /* "avatar/" and 64 letters */
#define AVATAR_MAX_PAYLOAD_BYTES (64u << 20)
#define AVATAR_MAX_PIXELS (4096u * 4096u)

enum { AVATAR_RAW = 0, AVATAR_JPEG = 1 };
enum { AVATAR_KEY = 1, AVATAR_SOURCE_LOST = 2 };

/* One part of a ZeroMQ message. */
typedef struct {
    const uint8_t *data;
    size_t size;
} avatar_part;

/* A message that was found whole; `payload` points into the parts that it came from. */
typedef struct {
    char topic[AVATAR_LONGEST_TOPIC + 1];
    uint8_t codec, flags;
    uint32_t stream_id, seq;
    uint64_t capture_us, publish_us, pts_us; /* microseconds; the first two since 1970 */
    uint16_t width, height, view, fps_x100;
    uint32_t payload_bytes, crc32, infer_us;
    const uint8_t *payload; /* raw: width * height * 3 bytes of RGB, top row first; or a JPEG file */
} avatar_packet;

/* How many messages of one stream id are missing between two that came in this order. */
static inline uint32_t avatar_seq_gap(uint32_t last, uint32_t now) { return now - last - 1u; }

static inline uint16_t avatar_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }

static inline uint32_t avatar_u32(const uint8_t *p) {
    return avatar_u16(p) | (uint32_t)avatar_u16(p + 2) << 16;
}

static inline uint64_t avatar_u64(const uint8_t *p) {
    return avatar_u32(p) | (uint64_t)avatar_u32(p + 4) << 32;
}

/* As zlib's crc32: a nibble at a time, so that the table is short enough to be written here. */
static inline uint32_t avatar_crc32(const uint8_t *data, size_t size) {
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static inline const char *avatar_read_topic(const uint8_t *data, size_t size, char *topic) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (size < 8 || size > AVATAR_LONGEST_TOPIC || memcmp(data, "avatar/", 7) != 0)
        return "bad_topic";
    memcpy(topic, data, size);
    topic[size] = '\0';
    if (strspn(topic + 7, letters) != size - 7 || strstr(topic + 7, "AVF1") != NULL)
        return "bad_topic";
    return NULL;
}

/* The header at the start of `data`; `*length` is how many bytes it takes there. */
static inline const char *avatar_read_header(const uint8_t *data, size_t size, avatar_packet *packet,
                                             size_t *length) {
    if (size < AVATAR_HEADER_BYTES) return "short_header";
    if (memcmp(data, "AVF1", 4) != 0) return "bad_magic";
    if (data[4] != 1) return "bad_version";
    *length = (size_t)data[5] * 4;
    if (*length < AVATAR_HEADER_BYTES) return "bad_header";
    if (size < *length) return "short_header";
    packet->codec = data[6];
    packet->flags = data[7];
    packet->stream_id = avatar_u32(data + 8);
    packet->seq = avatar_u32(data + 12);
    packet->capture_us = avatar_u64(data + 16);
    packet->publish_us = avatar_u64(data + 24);
    packet->pts_us = avatar_u64(data + 32);
    packet->width = avatar_u16(data + 40);
    packet->height = avatar_u16(data + 42);
    packet->view = avatar_u16(data + 44);
    packet->fps_x100 = avatar_u16(data + 46);
    packet->payload_bytes = avatar_u32(data + 48);
    packet->crc32 = avatar_u32(data + 52);
    packet->infer_us = avatar_u32(data + 56);
    return packet->codec > AVATAR_JPEG ? "bad_codec" : NULL;
}

static inline const char *avatar_check_payload(const avatar_packet *packet, size_t size) {
    uint32_t pixels = (uint32_t)packet->width * packet->height;
    if (pixels == 0) return "bad_size";
    if (packet->payload_bytes > AVATAR_MAX_PAYLOAD_BYTES) return "too_large";
    if (size < packet->payload_bytes) return "short_payload";
    if (size > packet->payload_bytes) return "long_payload";
    if (avatar_crc32(packet->payload, size) != packet->crc32) return "bad_crc";
    if (pixels > AVATAR_MAX_PIXELS) return "too_large";
    if (packet->codec == AVATAR_RAW && size != (size_t)pixels * 3) return "bad_payload";
    return NULL;
}

/* Reads a message of three parts, or of one. NULL: it is whole, and in `*packet`; otherwise the
 * reason why it was refused, a short key for counting. */
static inline const char *avatar_parse(const avatar_part *parts, size_t count,
                                       avatar_packet *packet) {
    const char *wrong;
    size_t length = 0, start = 0, size;
    if (count == 3) {
        wrong = avatar_read_header(parts[1].data, parts[1].size, packet, &length);
        if (!wrong && parts[1].size > length) wrong = "long_header";
        if (!wrong) wrong = avatar_read_topic(parts[0].data, parts[0].size, packet->topic);
        if (wrong) return wrong;
        packet->payload = parts[2].data;
        return avatar_check_payload(packet, parts[2].size);
    }
    if (count != 1) return "bad_parts";
    size = parts[0].size;
    while (start <= AVATAR_LONGEST_TOPIC && start + 4 <= size &&
           memcmp(parts[0].data + start, "AVF1", 4) != 0)
        start++;
    if (start > AVATAR_LONGEST_TOPIC || start + 4 > size) return "bad_magic";
    wrong = avatar_read_header(parts[0].data + start, size - start, packet, &length);
    if (!wrong) wrong = avatar_read_topic(parts[0].data, start, packet->topic);
    if (wrong) return wrong;
    packet->payload = parts[0].data + start + length;
    return avatar_check_payload(packet, size - start - length);
}

#endif
