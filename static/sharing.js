/* One stream of a tournament for all tabs of a browser. Over HTTP/1.1 a browser opens six connections to a site,
   and a stream keeps one: the seventh tab would never load.

   The tab that has the tournament's lock reads the stream and passes on what it reads. The others live on that
   and queue for the lock: however its holder goes, the browser gives it to the next, who reads on from
   where it stands itself. A tab that has missed something reads a stream of its own until it meets the holder. To
   htmx all of this is one answer to one request. */
"use strict";
const shareFeed = (() => {
  const ANSWER_WITHIN = 2_000; // a holder that says nothing for this long is frozen, and loses the lock
  const OF_ONE_STREAM = /^event: (?:token|goodbye)$/m; // not passed on: each tab finds out for itself
  const OF_ALL = /^event: (connection_established|presence|line)$/m; // told again to a tab that comes later
  const possible = "locks" in navigator && "BroadcastChannel" in window; // nowhere on plain http but localhost
  const encoder = new TextEncoder();

  /* Whether nothing is missed at `position` by what follows `start`; both are <epoch>-<seq>. */
  function covers(start, position) {
    const [epoch, seq] = start.split("-");
    const [ownEpoch, ownSeq] = position.split("-");
    return epoch === ownEpoch && Number(seq) <= Number(ownSeq);
  }

  /* Read a stream's whole frames, as text. What comes before a frame is whole is a sign of life: "". */
  async function* framesOf(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const end = held.lastIndexOf("\n\n");
      const whole = end < 0 ? "" : held.slice(0, end + 2);
      held = held.slice(whole.length);
      yield whole;
    }
  }

  /* Gives a fetch(position, options) for the feed from `position` on.

     `connect(position, options)` makes the real request. `heard(when)` is told of each sign of life, `wake()` that
     another tab has a stream while this one has none. */
  return (name, { connect, heard, wake }) => {
    const latest = new Map(); // the newest frame of each kind that is of all
    let channel = null;
    let hear = null; // what the open stream does with a message

    function listen() {
      channel ??= new BroadcastChannel(name);
      channel.onmessage = ({ data }) => (hear ? hear(data) : data.at && wake());
    }

    function open(position, options, resolve, reject) {
      const over = new AbortController();
      let line = null; // the connection of our own
      let release = null; // gives the lock back
      let alone = true; // whether no holder has been heard
      let lastHeard = 0;
      let hasRoom = null;
      let out; // what htmx reads
      const body = new ReadableStream({
        start: (controller) => (out = controller),
        pull: () => hasRoom?.(),
        cancel: leave,
      });

      const shared = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
      const accept = () => resolve(shared);
      const pass = (message) => release && channel?.postMessage(message);
      const ask = () => channel?.postMessage({ hello: true });
      const tell = (text) => pass({ from: position, at: position, text, when: lastHeard });

      function take(text, when) {
        const from = position;
        const at = text.match(/^id: .*$/gm)?.at(-1).slice(4);
        if (at && !covers(at, position)) position = at;
        const frames = (text.match(/[^]+?\n\n/g) ?? []).filter((frame) => !OF_ONE_STREAM.test(frame));
        for (const frame of frames) {
          const [, kind] = OF_ALL.exec(frame) ?? [];
          if (kind) latest.set(kind, frame);
        }
        lastHeard = when;
        heard(when);
        if (text) out.enqueue(encoder.encode(text));
        pass({ from, at: position, text: frames.join(""), when });
        if (line && !release && at) ask(); // perhaps we have caught up with the holder
      }

      async function read() {
        const mine = (line = new AbortController());
        try {
          const answer = await connect(position, { ...options, signal: mine.signal });
          if (!answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
            if (answer.ok) throw new TypeError("This is no stream.");
            resolve(new Response(await answer.text(), answer)); // read to its end, as the line is ours to cut
          } else {
            accept();
            take("", Date.now());
            for await (const frames of framesOf(answer)) {
              if (line !== mine) return;
              take(frames, Date.now());
              if (out.desiredSize <= 0) await new Promise((go) => (hasRoom = go));
            }
          }
        } catch (error) {
          reject(error);
        }
        if (line === mine) end();
      }

      function drop() {
        line.abort();
        line = null;
        accept();
        ask(); // what it has told those who lived on it
      }

      /* A message of the tab that has the lock, or of one that asks for it. */
      hear = ({ hello, end: ended, from, at, text, when }) => {
        if (hello && lastHeard) tell([...latest.values()].join(""));
        else if (hello) pass({}); // we are about to connect
        if (hello || release) return; // or else the lock is ours meanwhile
        alone = false;
        if (ended && !line && lastHeard) end();
        else if (at && line && covers(at, position)) drop();
        else if (at && !line && !covers(from, position)) read();
        else if (at && !line) {
          accept();
          take(text, when);
        }
      };

      async function queue(steal = false) {
        try {
          await navigator.locks.request(name, steal ? { steal } : { signal: over.signal }, () => {
            if (over.signal.aborted) return null;
            const held = new Promise((go) => (release = go));
            if (line) tell("");
            else read();
            return held;
          });
        } catch {
          if (over.signal.aborted) return;
          if (!release) return line || read(); // this browser gives us no locks
          release = null; // stolen: we read on until we hear the thief
          if (!steal) queue();
        }
      }

      function finish() {
        if (over.signal.aborted) return false;
        over.abort();
        line?.abort();
        line = null;
        release?.();
        hear = null;
        return true;
      }

      /* Our stream has ended, or that of the tab we lived on. Now each waits before it tries again. */
      function end() {
        pass({ end: true });
        if (finish()) out.close();
      }

      /* htmx wants no more: the page rests, or is about to go. */
      function leave() {
        finish();
        channel?.close();
        channel = null;
      }

      const { signal } = options;
      const abort = () => finish() && (reject(signal.reason), out.error(signal.reason));
      signal.addEventListener("abort", abort, { signal: over.signal });
      if (!possible) return void read();
      listen();
      queue();
      ask();
      setTimeout(() => alone && !release && !over.signal.aborted && queue(true), ANSWER_WITHIN);
    }

    return (position, options) => new Promise((resolve, reject) => open(position, options, resolve, reject));
  };
})();
