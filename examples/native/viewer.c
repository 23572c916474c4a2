/* Receives an avatar stream with libzmq: says how old it is and what is lost, writes its pictures.
 *
 *     ./viewer tcp://127.0.0.1:5555 --frames 100 --save out
 *
 * It may be as slow as it likes (--work-ms 200 plays a slow program): before each picture it takes in
 * everything that has come, and keeps the newest. A small ZMQ_RCVHWM would not do: many pictures wait
 * in the network, and the oldest come first. Reconnecting is libzmq's work.
 *
 * Ages are right on the publisher's machine; elsewhere as far as the two clocks agree. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zmq.h>

#include "avatar_header.h"
#ifdef AVATAR_WITH_JPEG
#include "avatar_jpeg.h"
#endif

enum { MOST_PARTS = 3, STATUS_MS = 1000 };

typedef struct {
    const char *address, *folder;
    char topic[AVATAR_LONGEST_TOPIC + 1];
    long frames, work_ms; /* frames 0: no limit */
} options;

typedef struct {
    zmq_msg_t parts[MOST_PARTS];
    size_t count; /* how many came, which may be more than are kept */
} message;

typedef struct {
    long used, received, skipped, lost, refused, restarts, repeated, ages;
    double age_ms_sum, age_ms_max;
    uint32_t stream_id, seq;
    const char *reason; /* why the last one was refused */
} tally;

static volatile sig_atomic_t stopping = 0;

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static uint64_t unix_us(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void init_message(message *it) {
    for (int i = 0; i < MOST_PARTS; i++) zmq_msg_init(&it->parts[i]);
    it->count = 0;
}

static void close_message(message *it) {
    for (int i = 0; i < MOST_PARTS; i++) zmq_msg_close(&it->parts[i]);
}

static void move_message(message *to, message *from) {
    for (int i = 0; i < MOST_PARTS; i++) zmq_msg_move(&to->parts[i], &from->parts[i]);
    to->count = from->count;
}

/* One whole message if there is one; never waits. */
static int receive(void *socket, message *it) {
    zmq_msg_t rest;
    int more = 1;
    zmq_msg_init(&rest);
    for (it->count = 0; more; it->count++) {
        zmq_msg_t *part = it->count < MOST_PARTS ? &it->parts[it->count] : &rest;
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) break;
        more = zmq_msg_more(part);
    }
    zmq_msg_close(&rest);
    return it->count > 0;
}

static const char *parse(message *it, avatar_packet *packet) {
    avatar_part parts[MOST_PARTS];
    for (int i = 0; i < MOST_PARTS; i++) {
        parts[i].data = (const uint8_t *)zmq_msg_data(&it->parts[i]);
        parts[i].size = zmq_msg_size(&it->parts[i]);
    }
    return avatar_parse(parts, it->count, packet);
}

static void count(tally *sums, const avatar_packet *packet) {
    if (sums->received > 0 && packet->stream_id != sums->stream_id)
        sums->restarts++;
    else if (sums->received > 0)
        sums->lost += avatar_seq_gap(sums->seq, packet->seq);
    sums->received++;
    sums->repeated += (packet->flags & AVATAR_SOURCE_LOST) != 0;
    sums->stream_id = packet->stream_id;
    sums->seq = packet->seq;
}

/* Takes in everything that has come. True: something did, and the newest is in `*newest`. */
static int drain(void *socket, const char *topic, tally *sums, message *newest,
                 avatar_packet *packet) {
    int found = 0;
    message next;
    avatar_packet read;
    init_message(&next);
    while (receive(socket, &next)) {
        const char *wrong = parse(&next, &read);
        if (wrong) {
            sums->refused++;
            sums->reason = wrong;
        } else if (strcmp(read.topic, topic) == 0) { /* ZeroMQ matches the beginning only */
            count(sums, &read);
            sums->skipped += found;
            move_message(newest, &next);
            found = 1;
        }
    }
    close_message(&next);
    if (found) parse(newest, packet); /* its parts have moved */
    return found;
}

static int write_file(const char *folder, long number, const char *kind, const char *start,
                      const uint8_t *data, size_t size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/avatar_%06ld.%s", folder, number, kind);
    FILE *file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "viewer: cannot write %s: %s; does the folder exist?\n", path,
                strerror(errno));
        return 0;
    }
    int done = fputs(start, file) >= 0 && fwrite(data, 1, size, file) == size;
    return (fclose(file) == 0) && done;
}

/* False: it cannot be written. A damaged JPEG is counted as refused. */
static int save(const options *asked, const avatar_packet *packet, tally *sums) {
    char start[64];
    snprintf(start, sizeof start, "P6\n%u %u\n255\n", packet->width, packet->height);
    if (packet->codec == AVATAR_RAW)
        return write_file(asked->folder, sums->used, "ppm", start, packet->payload,
                          packet->payload_bytes);
#ifdef AVATAR_WITH_JPEG
    size_t size = (size_t)packet->width * packet->height * 3;
    uint8_t *rgb = (uint8_t *)malloc(size);
    const char *wrong = rgb ? avatar_decode_jpeg(packet, rgb) : "no memory";
    int done = 1;
    if (wrong) {
        sums->refused++;
        sums->reason = wrong;
    } else {
        done = write_file(asked->folder, sums->used, "ppm", start, rgb, size);
    }
    free(rgb);
    return done;
#else
    return write_file(asked->folder, sums->used, "jpg", "", packet->payload, packet->payload_bytes);
#endif
}

static void use(const avatar_packet *packet, tally *sums) {
    sums->used++;
    if (packet->flags & AVATAR_SOURCE_LOST) return; /* its age is the camera's, not the stream's */
    double age_ms = ((double)unix_us() - (double)packet->capture_us) / 1000.0;
    sums->ages++;
    sums->age_ms_sum += age_ms;
    if (sums->ages == 1 || age_ms > sums->age_ms_max) sums->age_ms_max = age_ms;
}

static void say(FILE *to, const tally *sums) {
    fprintf(to, "frames=%ld received=%ld skipped=%ld lost=%ld refused=%ld restarts=%ld repeated=%ld",
            sums->used, sums->received, sums->skipped, sums->lost, sums->refused, sums->restarts,
            sums->repeated);
    if (sums->ages > 0)
        fprintf(to, " age_ms_mean=%.1f age_ms_max=%.1f", sums->age_ms_sum / (double)sums->ages,
                sums->age_ms_max);
    if (sums->reason) fprintf(to, " last_refused=%s", sums->reason);
    fputc('\n', to);
    fflush(to);
}

static int run(void *socket, const options *asked, tally *sums) {
    uint64_t status_us = unix_us();
    message newest;
    avatar_packet packet;
    int good = 1;
    init_message(&newest);
    while (good && !stopping && (asked->frames == 0 || sums->used < asked->frames)) {
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, 100);
        if (drain(socket, asked->topic, sums, &newest, &packet)) {
            use(&packet, sums);
            if (asked->folder) good = save(asked, &packet, sums);
            if (asked->work_ms > 0) zmq_poll(NULL, 0, asked->work_ms); /* sleeps */
        }
        if (unix_us() - status_us >= STATUS_MS * 1000u) {
            status_us = unix_us();
            say(stderr, sums);
        }
    }
    close_message(&newest);
    return good;
}

static int understand(int count, char **words, options *asked) {
    const char *stream = "main";
    if (count < 2 || count % 2 != 0 || words[1][0] == '-') return 0;
    asked->address = words[1];
    for (int i = 2; i < count; i += 2) {
        if (strcmp(words[i], "--stream") == 0) stream = words[i + 1];
        else if (strcmp(words[i], "--frames") == 0) asked->frames = atol(words[i + 1]);
        else if (strcmp(words[i], "--save") == 0) asked->folder = words[i + 1];
        else if (strcmp(words[i], "--work-ms") == 0) asked->work_ms = atol(words[i + 1]);
        else return 0;
    }
    return snprintf(asked->topic, sizeof asked->topic, "avatar/%s", stream) <=
           AVATAR_LONGEST_TOPIC;
}

int main(int count, char **words) {
    options asked = {0};
    tally sums = {0};
    if (!understand(count, words, &asked)) {
        fputs("usage: viewer tcp://HOST:PORT [--stream NAME] [--frames COUNT] [--save FOLDER]\n"
              "       [--work-ms MILLISECONDS]\n", stderr);
        return 2;
    }
    signal(SIGINT, stop);
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_SUB);
    int64_t most = AVATAR_MAX_PAYLOAD_BYTES + 4096;
    int on = 1;
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
    zmq_setsockopt(socket, ZMQ_TCP_KEEPALIVE, &on, sizeof on); /* a peer may lose its power */
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, asked.topic, strlen(asked.topic));
    int good = zmq_connect(socket, asked.address) == 0;
    if (!good)
        fprintf(stderr, "viewer: cannot connect to %s: %s; give tcp://HOST:PORT\n", asked.address,
                zmq_strerror(zmq_errno()));
    else
        good = run(socket, &asked, &sums);
    say(stdout, &sums);
    zmq_close(socket);
    zmq_ctx_term(context);
    return good && (asked.frames == 0 || sums.used >= asked.frames) ? 0 : 1;
}
