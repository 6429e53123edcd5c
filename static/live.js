/* Keeps a page's stream going and says how fresh the page is.

   htmx's hx-sse reads the stream, swaps its fragments and reconnects it. What it leaves open is done here: a
   first connection that fails, a token that has expired, a stream that falls silent, and knowing when to stop.
   Where the stream comes from, the server or another tab, is sharing.js's business, and whether a stream gets
   through at all that of line.js. */
"use strict";
(() => {
  const STALE_AFTER = 10_000; // without a connection for this long, the page says that it is not live
  const CONNECT_TIMEOUT = 15_000;
  const FIRST_MINUTES = 180_000; // a server that restarts is back by then
  const RETRY_MAX = { first: 8_000, later: 30_000 };
  const REFUSALS = {
    403: "You may no longer follow this tournament. Reload the page to see what you may.",
    404: "This tournament is not public any more.",
  };

  const REFUSED_AFRESH =
    "This page is refused the live updates, though it has just been let in: something between you and the server takes " +
    "its pass out. It goes on trying; reload the page to see the present state.";

  const site = new URL("..", document.currentScript.src); // where it begins: its scripts are below, in static/
  const region = document.getElementById("live-region");
  const mark = document.getElementById("freshness");
  const crowd = document.getElementById("watching");
  const notice = document.getElementById("stopped");
  const connection = () => region._htmx?.sse;

  const SILENCE_MAX = 40_000;

  let state = "connecting"; // connecting, live, asking, reconnecting, stopped
  let lastHeard = Date.now();
  let heartbeat = SILENCE_MAX / 2.5; // until the server says how long one is
  let watching = 0;
  let trying = false; // a first connection is on its way
  let busy = false; // a request of our own is on its way
  let hurry = false; // the next wait between two tries is skipped
  let failures = 0;
  let retryTimer = 0;

  // The mark

  /* Whether what happens comes here: at once, or within seconds. */
  const follows = () => state === "live" || state === "asking";

  function become(next) {
    if (state === "stopped") return;
    if (next === "live" || next === "asking") {
      failures = 0;
      tell("");
    }
    state = next;
    show();
  }

  function show() {
    const silence = Date.now() - lastHeard;
    const stale = state === "stopped" || (!follows() && silence > STALE_AFTER);
    const words = {
      connecting: "Connecting…",
      reconnecting: "Reconnecting…",
      live: isOver() ? "Up to date" : "Live",
      asking: isOver() ? "Up to date" : "Following every few seconds",
    };
    const waits = state === "reconnecting" && !busy;
    mark.hidden = false;
    mark.dataset.state = stale ? "stale" : state;
    mark.textContent = stale ? `Not live · last update ${age(silence)}` : words[state];
    if (waits) mark.append(" · ", Object.assign(document.createElement("u"), { textContent: "Try now" }));
    mark.setAttribute("aria-disabled", String(!waits)); // not disabled: it would lose the focus
    crowd.hidden = !watching || state !== "live";
    crowd.textContent = `${watching.toLocaleString()} watching`;
    if (stale === region.hasAttribute("data-viewer-stale")) return;
    region.toggleAttribute("data-viewer-stale", stale); // nothing on a stale page looks live: see app.css
    region.dispatchEvent(new Event("freshness"));
  }

  /* Whether what the page is about has ended: nothing is live there any more. */
  function isOver() {
    const subject = document.querySelector("#tournament-header, .the-match > .match, #work");
    return ["completed", "walkover", "double_walkover"].includes(subject?.dataset.status);
  }

  function age(milliseconds) {
    const seconds = Math.round(milliseconds / 1000);
    if (seconds < 5) return "just now";
    if (seconds < 60) return `${seconds} s ago`;
    return seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
  }

  // Connecting

  /* Not by htmx's own trigger: htmx may have looked at the page before hx-sse was there to find its attribute. */
  function connect() {
    if (trying || connection() || state === "stopped" || document.hidden) return; // a hidden page rests
    trying = true;
    htmx.ajax("GET", region.getAttribute("hx-sse:connect"), { source: region, timeout: CONNECT_TIMEOUT });
  }

  const retryMax = () => (Date.now() - lastHeard < FIRST_MINUTES ? RETRY_MAX.first : RETRY_MAX.later);

  function connectSoon() {
    trying = false;
    const most = Math.min(retryMax(), 1000 * 2 ** failures++);
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, most * (0.5 + Math.random() / 2)); // spread, as everybody else waits too
  }

  /* Have the try now for which htmx waits, or is about to. */
  function connectNow() {
    const waiting = connection();
    if (!waiting) return connect();
    waiting.attempt = Math.min(waiting.attempt, 1);
    if (waiting.delayCanceller) waiting.delayCanceller();
    else hurry = true;
  }

  function hangUp() {
    become("reconnecting");
    connection()?.reader?.cancel();
  }

  function tell(words) {
    if (notice.textContent !== words) notice.textContent = words; // it is read out each time
    notice.hidden = !words;
  }

  function stop(why) {
    become("stopped");
    tell(why);
    hangUp();
  }

  function refused(status) {
    if (status in REFUSALS) stop(REFUSALS[status]);
  }

  let token = null; // shown by ourselves once the feed's cookie, which no script can read, was not enough

  /* A fresh token, in the feed's cookie and as text; null without one. */
  async function freshToken() {
    try {
      const path = `api/tournaments/${region.dataset.tournament}/feed-token/`;
      const answer = await fetch(new URL(path, site), { method: "POST" });
      refused(answer.status === 401 ? 403 : answer.status);
      return answer.ok ? (await answer.json()).token : null;
    } catch {
      return null; // no network: the next try will ask again
    }
  }

  /* The cookie may have run out, or is not kept by this browser: the token itself does as well. */
  async function askAfresh(ask, answer) {
    token = await freshToken();
    if (!token) return answer;
    const again = await ask();
    if (again.status === 401) tell(REFUSED_AFRESH);
    return again;
  }

  async function askFeed(url, signal) {
    const ask = () => {
      const pass = token && { Authorization: `Bearer ${token}` };
      return plainFetch(url, { headers: { Accept: "text/event-stream, text/plain", ...pass }, cache: "no-store", signal });
    };
    busy = true;
    show();
    try {
      const answer = await ask();
      return answer.status === 401 ? await askAfresh(ask, answer) : answer;
    } finally {
      busy = false;
      show();
    }
  }

  // htmx asks for the stream as for anything else, and gets one that all tabs of this browser share. Signs of life are
  // noticed on the way, as htmx hides the comments that keep a silent stream alive.
  const plainFetch = window.fetch;
  const feed = new URL(region.getAttribute("hx-sse:connect"), location.href);
  if (navigator.locks) feed.searchParams.delete("part"); // the stream is shared with pages that show more

  /* The feed, or what lies below it, from a position on. */
  function feedFrom(position, below = "") {
    const url = new URL(feed);
    url.pathname += below;
    url.searchParams.set("lastEventId", position);
    if (!below) url.searchParams.set("heartbeat", "event");
    return url;
  }

  const fetchFeed = shareFeed(`grandstand:line:${site.pathname.slice(1)}${region.dataset.tournament}`, {
    connect: lineTo({
      stream: (position, signal) => askFeed(feedFrom(position), signal),
      ask: (position, signal) => askFeed(feedFrom(position, "catch-up/"), signal),
    }),
    heard(when) {
      lastHeard = when;
    },
    wake() {
      if (!document.hidden) connectNow();
    },
  });

  window.fetch = (resource, options) => {
    if (new URL(resource, location.href).pathname !== feed.pathname) return plainFetch(resource, options);
    return fetchFeed(options.headers["Last-Event-ID"] ?? feed.searchParams.get("lastEventId"), options);
  };

  // What htmx tells

  const on = (event, listener) => region.addEventListener(event, listener);

  on("htmx:sse:before:connection", (event) => {
    const { connection: next } = event.detail;
    trying = false;
    if (state === "stopped") event.preventDefault();
    else if (next.attempt > 0) become("reconnecting");
    if (hurry) queueMicrotask(() => next.delayCanceller?.()); // htmx begins to wait when we return
    hurry = false;
  });
  on("htmx:sse:after:connection", () => (hurry = false)); // what it is worth, the line tells
  on("htmx:sse:error", (event) => {
    const { config } = event.detail.connection ?? {};
    // its jitter comes on top; and never sooner than the server asks for
    if (config) config.reconnectMaxDelay = Math.max(retryMax() / (1 + config.reconnectJitter), config.reconnectDelay);
    become("reconnecting");
    refused(event.detail.status);
  });
  on("htmx:sse:close", () => {
    become("reconnecting");
    connectSoon();
  });
  on("htmx:response:error", (event) => {
    if (event.target !== region) return; // another request, from within the region
    become("reconnecting");
    refused(event.detail.ctx.response.status);
    connectSoon();
  });
  on("htmx:error", (event) => {
    if (event.target !== region) return;
    become("reconnecting");
    connectSoon();
  });

  // What the server tells

  const told = (event) => JSON.parse(event.detail.data).data;

  on("connection_established", (event) => {
    heartbeat = told(event).heartbeat_seconds * 1000;
  });
  on("line", (event) => become({ stream: "live", asking: "asking" }[told(event).way] ?? "reconnecting"));
  on("presence", (event) => {
    watching = told(event).watching;
    show();
  });
  on("token", async () => {
    const fresh = await freshToken();
    if (token) token = fresh;
  });
  on("goodbye", (event) => {
    const { code, reconnect } = told(event);
    if (!reconnect) stop(code === 4003 ? REFUSALS[403] : "The live updates have ended. Reload the page to go on.");
  });
  on("resync", () => {
    // The page's position is of no use any more: the next frame replaces the whole tournament, newer or not.
    // A match's page is not in it.
    for (const part of document.querySelectorAll("[data-seq]")) part.removeAttribute("data-seq");
    if (document.getElementById("story")) location.reload();
  });

  /* A page that does not show a whole part, as the bracket, may show some of what is in it: those are swapped. */
  function within(task) {
    if (task.type !== "partial" || task.target) return [task];
    const [outer] = task.fragment.children;
    const shown = [...outer.querySelectorAll("[id][data-seq]")].filter(({ id }) => document.getElementById(id));
    return [
      task,
      ...shown.map((part) => {
        const fragment = document.createDocumentFragment();
        fragment.append(part.cloneNode(true));
        return { ...task, target: document.getElementById(part.id), fragment };
      }),
    ];
  }

  // An older fragment never overwrites a newer one, and what this page does not show is passed over.
  on("htmx:before:swap", ({ detail: { tasks } }) => {
    const wanted = tasks.flatMap(within).filter(({ type, target, fragment }) => {
      if (type !== "partial") return true;
      // drawn anew, and this page tells of a match of the draw before
      const drawnAnew = target && fragment.firstElementChild.dataset.bracket !== target.dataset.bracket;
      const own = document.querySelector(".the-match > .match");
      const gone = own && fragment.firstElementChild.id === "bracket" && !fragment.querySelector(`#${own.id}`);
      const bye = own && target === own && fragment.querySelector(".side.bye");
      // the server knows what leads on; what somebody enters on a pad is staff.js's business
      if (document.getElementById("story")) (gone || bye || drawnAnew) && location.reload();
      else if (gone) own.remove();
      return target && Number(fragment.firstElementChild.dataset.seq) >= Number(target.dataset.seq ?? 0);
    });
    tasks.splice(0, tasks.length, ...wanted);
  });

  on("htmx:after:swap", show); // what the page is about may have ended

  // A hidden page rests: htmx lets its stream go, and takes it up again when the page is looked at.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (follows() && !connection()?.reader) become("reconnecting");
    show();
    connectNow();
  });
  mark.addEventListener("click", () => state === "reconnecting" && connectNow());
  window.addEventListener("online", connectNow);
  window.addEventListener("offline", () => follows() && hangUp());

  setInterval(() => {
    // the connection is dead and nobody said so
    const silenceMax = state === "live" ? 2.5 * heartbeat : SILENCE_MAX;
    if (follows() && !document.hidden && Date.now() - lastHeard > silenceMax) hangUp();
    if (state !== "live") show();
  }, 1000);

  show();
  connect();
  // htmx begins in a timer set before this one, perhaps before its extension has arrived to see the region.
  setTimeout(() => region._htmx || htmx.process(region));
})();
