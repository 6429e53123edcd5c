/* sse_load: opens many Server-Sent Events streams from one thread and measures delivery.
 *
 *   sse_load [OPTION...] PORT PATH...
 *     -n STREAMS   how many streams to open (1): stream i asks for path i, and they begin anew when they are used up
 *     -t TURNS     the events take turns at the first TURNS paths (1); the streams of the others get none
 *     -w WINDOW    how many may be joining at a time (32)
 *     -h HEADER    a header line that every stream sends (at most 8)
 *     -H FILE      header lines, one a line: stream i sends line i, and they begin anew when they are used up
 *     -e EVENTS    how many events there are (0: just hold the streams open)
 *     -f FIRST     the number of the first of them (1); the others follow it without a gap
 *     -m MARKER    what an event's number follows ("participant1_score":)
 *     -o OFFSET    what to take off what follows the marker, to have the number (0)
 *     -c           a frame brings a stream up to its number: those that it passed over came with it
 *     -s FILE      when each event was sent: one CLOCK_MONOTONIC nanosecond int64 for each number from 0 on
 *     -q SECONDS   give up when nothing has come for so long (10)
 *
 * A stream has joined when the first byte after the head of a 200 answer is there. Once all have, one line of
 * JSON says how long that took; once every event has reached every stream, or will not any more, another one
 * says what was measured. Then the streams stay open until standard input ends, so that whoever measures the
 * server can do so before it has to close them.
 *
 * Of the numbers FIRST to FIRST+EVENTS-1 every stream must get exactly those of its path, in order: "missed" and
 * "repeated", which is also what came to the wrong one, count what was not so. Exit status 0 only if both are 0 and
 * no stream was closed.
 *
 * Once all have joined, nobody waits in the kernel to be woken: what has come is looked for every tenth of a
 * millisecond, and again at once as long as there is something. Spectators are on other machines; here each write
 * to a reader that sleeps would wake it, at the writer's expense, and cost half as much again as one to a reader
 * that is still busy with what came before.
 *
 * The streams come from 200 addresses (127.0.1.1 to .200), because one has only so many ports.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAIL = 48, ADDRESSES = 200, HEADERS = 8, NUMBERS = 10000, BUFFER = 1 << 18, NAP_NS = 100000 };

enum State { CONNECTING, ASKED, JOINED, CLOSED };

typedef struct {
    long long started;
    int fd, expected, tail_length;
    enum State state;
    char tail[TAIL]; /* the end of what was read: a marker may be cut in two */
} Stream;

static struct {
    int port, streams, window, events, first, turns, paths_count, catches_up;
    long offset;
    double quiet_seconds;
    const char *marker, *header[HEADERS];
    char **paths;
    int headers;
    char **lines;
    int lines_count;
    const long long *sent;
} asked = {.streams = 1,
    .window = 32,
    .first = 1,
    .turns = 1,
    .quiet_seconds = 10,
    .marker = "\"participant1_score\":"};

static int poll_fd;
static Stream *all;
static int opened, joining, joined, closed, unfinished;
static long long *join_ns, *latency, *last_arrival, wanted, measured, bytes, missed, repeated;
static long long begun, progress, last_event;
static char buffer[TAIL + BUFFER + 1];

static long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "sse_load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int ascending(const void *a, const void *b) {
    long long x = *(const long long *)a, y = *(const long long *)b;
    return (x > y) - (x < y);
}

/* The quantiles of some nanoseconds, as a JSON object of milliseconds. */
static void print_quantiles(const char *name, long long *ns, long long count) {
    qsort(ns, count, sizeof *ns, ascending);
#define QUANTILE(q) (count ? ns[(long long)((count - 1) * (q))] / 1e6 : 0.0)
    printf("\"%s\": {\"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}", name, QUANTILE(.5), QUANTILE(.9),
        QUANTILE(.99), QUANTILE(1));
}

/* The number of the first event that a stream shall get; for one that gets none the end of them all. */
static int first_of(int stream) {
    int turn = stream % asked.paths_count, end = asked.first + asked.events;
    return turn < asked.turns && asked.first + turn < end ? asked.first + turn : end;
}

/* How many of its events a stream has still to get that expects this number next. */
static int left(int expected) {
    return (asked.first + asked.events - expected + asked.turns - 1) / asked.turns;
}

static void open_stream(void) {
    Stream *s = &all[opened];
    char source[32];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) fail("socket");
    snprintf(source, sizeof source, "127.0.1.%d", 1 + opened % ADDRESSES);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(asked.port)};
    inet_pton(AF_INET, source, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (void *)&from, sizeof from)) fail("bind");
    if (connect(fd, (void *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    *s = (Stream){.fd = fd, .expected = first_of(opened), .state = CONNECTING, .started = now_ns()};
    struct epoll_event interest = {EPOLLOUT, {.ptr = s}};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &interest)) fail("epoll_ctl");
    opened++;
    joining++;
}

static void ask(Stream *s) {
    char request[8192];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n",
        asked.paths[(s - all) % asked.paths_count], asked.port), error = 0;
    socklen_t size = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if ((errno = error)) fail("connect");
    for (int i = 0; i < asked.headers; i++)
        length += snprintf(request + length, sizeof request - length, "%s\r\n", asked.header[i]);
    if (asked.lines_count)
        length += snprintf(request + length, sizeof request - length, "%s\r\n", asked.lines[(s - all) % asked.lines_count]);
    length += snprintf(request + length, sizeof request - length, "\r\n");
    if (length >= (int)sizeof request) fail("the headers are too long");
    if (write(s->fd, request, length) != length) fail("write");
    s->state = ASKED;
    struct epoll_event interest = {EPOLLIN, {.ptr = s}};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, s->fd, &interest);
}

static void close_stream(Stream *s) {
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    close(s->fd);
    if (s->state == ASKED) {
        fprintf(stderr, "sse_load: stream %ld was closed before it had joined\n", (long)(s - all));
        exit(2);
    }
    s->state = CLOSED;
    closed++;
    if (left(s->expected) > 0) unfinished--;
}

static void count_event(Stream *s, long number, long long t) {
    if (number < asked.first || number >= asked.first + asked.events) return; /* not of this run */
    if (number < s->expected || (number - s->expected) % asked.turns) {
        repeated++;
        return;
    }
    for (long came = asked.catches_up ? s->expected : number; came <= number; came += asked.turns) {
        if (asked.sent) latency[measured] = t - asked.sent[came];
        if (t > last_arrival[came]) last_arrival[came] = t;
        measured++;
    }
    if (!asked.catches_up) missed += (number - s->expected) / asked.turns;
    s->expected = number + asked.turns;
    if (left(s->expected) <= 0) unfinished--;
    progress = last_event = t;
}

/* Takes in what a stream has to read. */
static void take(Stream *s) {
    memcpy(buffer, s->tail, s->tail_length);
    ssize_t r = read(s->fd, buffer + s->tail_length, BUFFER);
    if (r < 0 && errno == EAGAIN) return;
    if (r <= 0) {
        close_stream(s);
        return;
    }
    long long t = now_ns();
    bytes += r;
    char *at = buffer, *end = buffer + s->tail_length + r, *mark;
    *end = 0;
    if (s->state == ASKED) {
        char *body = memmem(at, end - at, "\r\n\r\n", 4);
        if (s->tail_length == 0 && strncmp(buffer, "HTTP/1.1 200", r < 12 ? r : 12)) {
            fprintf(stderr, "sse_load: the server answered\n%.600s\n", buffer);
            exit(2);
        }
        if (body && body + 4 < end) {
            s->state = JOINED;
            join_ns[joined++] = t - s->started;
            joining--;
            progress = t;
            at = body + 4;
        }
    }
    size_t marker_length = strlen(asked.marker);
    while (s->state == JOINED && asked.events && (mark = memmem(at, end - at, asked.marker, marker_length))) {
        char *digit = mark + marker_length;
        while (digit < end && *digit >= '0' && *digit <= '9') digit++;
        if (digit == end) break; /* the number is cut: it is read again with what follows */
        count_event(s, atol(mark + marker_length) - asked.offset, t);
        at = digit;
    }
    s->tail_length = end - at < TAIL ? end - at : TAIL;
    memcpy(s->tail, end - s->tail_length, s->tail_length);
}

static char *read_file(const char *name, size_t *length) {
    int fd = open(name, O_RDONLY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about)) fail(name);
    char *text = malloc(about.st_size + 1);
    if (read(fd, text, about.st_size) != about.st_size) fail(name);
    text[about.st_size] = 0;
    *length = about.st_size;
    close(fd);
    return text;
}

static void read_lines(const char *name) {
    size_t length;
    char *text = read_file(name, &length);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        asked.lines = realloc(asked.lines, (asked.lines_count + 1) * sizeof *asked.lines);
        asked.lines[asked.lines_count++] = line;
    }
}

static void map_stamps(const char *name) {
    int fd = open(name, O_RDONLY);
    asked.sent = fd < 0 ? MAP_FAILED : mmap(NULL, NUMBERS * sizeof *asked.sent, PROT_READ, MAP_SHARED, fd, 0);
    if (asked.sent == MAP_FAILED) fail(name);
    close(fd);
}

static void read_arguments(int argc, char **argv) {
    for (int option; (option = getopt(argc, argv, "n:t:w:h:H:e:f:m:o:cs:q:")) != -1;) {
        switch (option) {
        case 'n': asked.streams = atoi(optarg); break;
        case 't': asked.turns = atoi(optarg); break;
        case 'w': asked.window = atoi(optarg); break;
        case 'h': if (asked.headers < HEADERS) asked.header[asked.headers++] = optarg; break;
        case 'H': read_lines(optarg); break;
        case 'e': asked.events = atoi(optarg); break;
        case 'f': asked.first = atoi(optarg); break;
        case 'm': asked.marker = optarg; break;
        case 'o': asked.offset = atol(optarg); break;
        case 'c': asked.catches_up = 1; break;
        case 's': map_stamps(optarg); break;
        case 'q': asked.quiet_seconds = atof(optarg); break;
        default: exit(2);
        }
    }
    int fits = strlen(asked.marker) <= TAIL - 12 && asked.first + asked.events <= NUMBERS;
    if (argc - optind < 2 || asked.turns < 1 || !fits) {
        fprintf(stderr, "usage: sse_load [OPTION...] PORT PATH... (see the head of sse_load.c)\n");
        exit(2);
    }
    asked.port = atoi(argv[optind]);
    asked.paths = argv + optind + 1;
    asked.paths_count = argc - optind - 1;
}

static void print_joined(void) {
    printf("{\"joined\": %d, \"join_seconds\": %.4f, ", joined, (now_ns() - begun) / 1e9);
    print_quantiles("join_ms", join_ns, joined);
    printf("}\n");
    fflush(stdout);
}

static void print_measured(void) {
    static long long to_last[NUMBERS];
    int events = 0;
    long long first_sent = 0;
    for (int n = asked.first; n < asked.first + asked.events; n++) {
        if (!asked.sent || !last_arrival[n] || !asked.sent[n]) continue;
        if (!first_sent || asked.sent[n] < first_sent) first_sent = asked.sent[n];
        to_last[events++] = last_arrival[n] - asked.sent[n];
    }
    for (int i = 0; i < asked.streams; i++)
        if (left(all[i].expected) > 0) missed += left(all[i].expected);
    printf("{\"delivered\": %lld, \"wanted\": %lld, \"missed\": %lld, \"repeated\": %lld, \"closed\": %d, \"bytes\": %lld, "
        "\"seconds\": %.4f, \"seconds_from_start\": %.4f, ", measured, wanted, missed,
        repeated, closed, bytes, first_sent && measured ? (last_event - first_sent) / 1e9 : 0.0,
        measured ? (last_event - begun) / 1e9 : 0.0);
    print_quantiles("latency_ms", latency, asked.sent ? measured : 0);
    printf(", ");
    print_quantiles("to_last_ms", to_last, events);
    printf("}\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    poll_fd = epoll_create1(0);
    all = calloc(asked.streams, sizeof *all);
    join_ns = malloc(asked.streams * sizeof *join_ns);
    for (int i = 0; i < asked.streams; i++) {
        wanted += left(first_of(i));
        unfinished += left(first_of(i)) > 0;
    }
    latency = malloc((wanted + 1) * sizeof *latency);
    last_arrival = calloc(NUMBERS, sizeof *last_arrival);
    struct epoll_event input = {EPOLLIN, {.ptr = NULL}}, events[512];
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &input)) fail("standard input must be a pipe");
    begun = progress = now_ns();
    int told_joined = 0, told_measured = 0, holding = 1;
    const struct timespec nap = {0, NAP_NS};
    prctl(PR_SET_TIMERSLACK, 1);
    while (holding) {
        while (opened < asked.streams && joining < asked.window) open_stream();
        int n = epoll_wait(poll_fd, events, 512, told_joined ? 0 : 200);
        if (!n && told_joined) nanosleep(&nap, NULL);
        for (int i = 0; i < n; i++) {
            Stream *s = events[i].data.ptr;
            if (!s) {
                char input_text[256];
                holding = read(STDIN_FILENO, input_text, sizeof input_text) > 0;
            } else if (s->state == CONNECTING) {
                ask(s);
            } else {
                take(s);
            }
        }
        if (!told_joined && joined == asked.streams) {
            told_joined = 1;
            print_joined();
        }
        int silent = (now_ns() - progress) / 1e9 > asked.quiet_seconds;
        if (asked.events && told_joined && !told_measured && (!unfinished || silent)) {
            told_measured = 1;
            print_measured();
        } else if (!told_joined && silent) {
            fprintf(stderr, "sse_load: only %d of %d streams joined\n", joined, asked.streams);
            return 2;
        }
    }
    return missed || repeated || closed;
}
