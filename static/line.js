/* The line from a page to the server: a stream, where one gets through in time; else asking now and then.

   A proxy or a virus scanner may hold a stream back: its head, its body, or each chunk until the next one. Nobody
   tells the page, but the stream's heartbeats do: each says how old the stream is, and when the next one is due; and
   in a young stream what follows anything else, a comment. No stream counts before a heartbeat has come on time.
   Where none does, or one or a comment is overdue, the page asks for what has happened since its position, and goes
   on asking until a stream has proved itself.

   Whoever reads gets one stream of frames, and is told by `event: line` what gets through: its `way` is "stream",
   "asking", or "" while nobody knows. */
"use strict";
const lineTo = (() => {
  const PATIENCE = 5_000; // with a stream that has proved nothing yet, before we ask; spread
  const TRIAL = 15_000; // how long a stream may take to prove itself while we ask
  const ON_TIME = 700; // so late a heartbeat may be that proves something
  const GRACE = 2_500; // one that is later than this has been held back
  const YOUNG = 3; // before its heartbeat of this number a stream is young,
  const PUSHED = 1_000; // and so long after anything else the server sends a comment, which pushes it
  const PROVED_FOR = 30_000; // a stream that is good for so long makes us forget those that were not
  const TRY_AGAIN = { least: 60_000, most: 600_000 };
  const ASK = { least: 3_000, most: 8_000, growth: 1.4, within: 10_000 };
  const CLOCKS = 10; // milliseconds by which two clocks may come apart between two heartbeats

  const encoder = new TextEncoder();
  const now = () => performance.now();
  const spread = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const field = (name, frame) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
  const told = (frame) => JSON.parse(field("data", frame)).data;

  /* Gives a fetch(position, { signal }) whose answer is one stream, however its frames get here.

     `stream(position, signal)` asks for the server's stream, `ask(position, signal)` for what is new. */
  return ({ stream, ask }) => {
    let held = 0; // how many streams in a row were given up
    let tryAt = 0; // when the next one is worth a try

    function open(position, signal, resolve, reject) {
      const left = new Set(); // the epochs that we have seen the end of
      let way = "";
      let trial = null; // the stream that we read
      let asking = null;
      let beats = false; // whether the server sends heartbeats that we hear of
      let young = true; // whether it pushes what it sends
      let suspect = false; // whether one in time may have been an accident
      let inTime = 0; // how many in a row were in time
      let start = 0; // when the server began the stream, by our clock
      let anew = false; // whether the next frame begins anew, at whatever position
      let over = false;
      let patience, deadline, due, push;
      let out;
      const body = new ReadableStream({ start: (controller) => (out = controller), cancel: finish });
      const answer = new Response(body, { headers: { "Content-Type": "text/event-stream" } });

      function put(text) {
        if (over) return;
        resolve(answer);
        out.enqueue(encoder.encode(text));
      }

      function become(next) {
        if (way === next) return;
        way = next;
        put(`event: line\ndata: {"type":"line","data":{"way":"${way}"}}\n\n`);
      }

      /* Pass on what is new; the same may come both ways. */
      function take(frame) {
        const id = field("id", frame);
        if (field("event", frame) === "resync") anew = true;
        else if (id && !anew && !isNew(id)) return;
        if (id) {
          const [[epoch], [ownEpoch]] = [id.split("-"), position.split("-")];
          if (epoch !== ownEpoch) left.add(ownEpoch).delete(epoch);
          position = id;
          anew = false;
        }
        put(frame);
      }

      function isNew(id) {
        const [[epoch, seq], [ownEpoch, ownSeq]] = [id.split("-"), position.split("-")];
        return epoch === ownEpoch ? Number(seq) > Number(ownSeq) : !left.has(epoch);
      }

      // The stream

      async function tryStream() {
        const mine = (trial = new AbortController());
        suspect = held > 0;
        inTime = 0;
        deadline = setTimeout(giveUp, TRIAL);
        try {
          const got = await stream(position, mine.signal);
          if (trial !== mine) return;
          if (!got.headers.get("Content-Type")?.startsWith("text/event-stream")) {
            if (way === "asking") return giveUp();
            trial = null; // a refusal, which is still to be read: whoever does knows what to do
            resolve(got);
            return finish();
          }
          const reader = got.body.pipeThrough(new TextDecoderStream()).getReader();
          for (let rest = ""; trial === mine; ) {
            const { done, value } = await reader.read();
            if (done || trial !== mine) break;
            const frames = (rest + value).split("\n\n");
            rest = frames.pop();
            for (const frame of frames) hear(`${frame}\n\n`);
            if (rest) doubtIn(GRACE); // a long frame is on its way
          }
          if (trial === mine) lost();
        } catch (error) {
          if (trial === mine) lost(error);
        }
      }

      function hear(frame) {
        const kind = field("event", frame);
        clearTimeout(push);
        if (kind === "connection_established") {
          start = now();
          beats = told(frame).heartbeat === "event";
          young = true;
          if (beats) expect(0, 0);
          else prove(); // a server of an older version: it has to be believed
        } else if (kind === "heartbeat") {
          const { number, seconds, next } = told(frame);
          young = number < YOUNG;
          start = Math.min(start + CLOCKS, now() - seconds * 1000);
          const late = now() - seconds * 1000 - start;
          if (late > GRACE) doubt();
          inTime = late < ON_TIME ? inTime + 1 : 0;
          suspect ||= !inTime;
          if (inTime > (suspect ? 1 : 0)) prove(seconds * 1000);
          expect(seconds, next);
        } else if (beats && young && !frame.startsWith(":")) {
          push = setTimeout(doubt, PUSHED + GRACE);
        }
        take(frame);
      }

      /* Be told if the next heartbeat, due so many seconds after one of this age, does not come. */
      function expect(seconds, next) {
        doubtIn(start + (seconds + next) * 1000 + GRACE - now());
      }

      function doubtIn(milliseconds) {
        clearTimeout(due);
        due = setTimeout(doubt, milliseconds);
      }

      function prove(milliseconds = Infinity) {
        if (milliseconds > PROVED_FOR) held = 0;
        clearTimeout(patience);
        clearTimeout(deadline);
        deadline = asking = null;
        become("stream");
      }

      function doubt() {
        suspect = true;
        inTime = 0;
        if (way === "stream") become("");
        if (trial) deadline ??= setTimeout(giveUp, TRIAL);
        askOn();
      }

      function lost(error) {
        if (asking) giveUp();
        else finish(error ?? new TypeError("The stream has ended."));
      }

      /* This stream gets us nowhere. One may be an accident: the next is tried at once, those after it later. */
      function giveUp() {
        hangUp();
        const wait = Math.min(TRY_AGAIN.most, TRY_AGAIN.least * 2 ** (held - 1));
        tryAt = held++ ? now() + spread(wait) : 0;
        askOn();
      }

      function hangUp() {
        trial?.abort();
        trial = null;
        clearTimeout(deadline);
        clearTimeout(due);
        clearTimeout(push);
        deadline = null;
      }

      // Asking

      async function askOn() {
        clearTimeout(patience);
        if (asking || over) return;
        const mine = (asking = {});
        try {
          for (let wait = ASK.least; asking === mine; ) {
            const { news, told } = await askOnce();
            if (asking !== mine) return;
            for (const frame of news.match(/[^]+?\n\n/g) ?? []) take(frame);
            become("asking");
            put(":\n\n"); // a sign of life
            wait = Math.max(told, news ? ASK.least : Math.min(ASK.most, wait * ASK.growth));
            if (!trial && now() >= tryAt) tryStream();
            await new Promise((go) => setTimeout(go, spread(wait)));
          }
        } catch (error) {
          if (asking === mine) finish(error);
        }
      }

      /* The frames that are new, as text, and how long the server wants us to wait. Fails on anything else. */
      async function askOnce() {
        const line = new AbortController();
        const limit = setTimeout(() => line.abort(), ASK.within);
        try {
          const got = await ask(position, line.signal);
          if (got.status !== 200 && got.status !== 204) throw new TypeError(`Asking was answered ${got.status}.`);
          const told = 1000 * (Number(got.headers.get("Grandstand-Ask-After")) || 0);
          return { news: await got.text(), told };
        } finally {
          clearTimeout(limit);
        }
      }

      /* The end: with a reason it is ours, without one that of whoever reads. */
      function finish(why) {
        if (over) return;
        over = true;
        asking = null;
        clearTimeout(patience);
        hangUp();
        if (!why) return;
        reject(why);
        out.close();
      }

      signal.addEventListener("abort", () => {
        finish();
        reject(signal.reason);
      });
      if (held) askOn();
      else patience = setTimeout(askOn, spread(PATIENCE));
      if (now() >= tryAt) tryStream();
    }

    return (position, { signal }) => new Promise((resolve, reject) => open(position, signal, resolve, reject));
  };
})();
