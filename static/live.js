/* Keeps a page's stream going and says how fresh the page is.

   htmx's hx-sse reads the stream, swaps its fragments and reconnects it. What it leaves open is done here: a
   first connection that fails, a token that has expired, a stream that falls silent, and knowing when to stop. */
"use strict";
(() => {
  const STALE_AFTER = 10_000; // without a connection for this long, the page says that it is not live
  const CONNECT_TIMEOUT = 15_000;
  const RETRY_MAX = 30_000;
  const REFUSALS = {
    403: "You may no longer follow this tournament. Reload the page to see what you may.",
    404: "This tournament is not public any more.",
    410: "This tournament is gone.",
  };

  const region = document.getElementById("live-region");
  const mark = document.getElementById("freshness");
  const connection = () => region._htmx?.sse;

  let state = "connecting"; // connecting, live, reconnecting, stopped
  let lastHeard = Date.now();
  let silenceMax = 40_000; // two and a half heartbeats, once the server has said how long one is
  let watching = 0;
  let trying = false; // a first connection is on its way
  let failures = 0;
  let renewals = 0; // of a refused token, since the page was last live
  let retryTimer = 0;

  // The mark

  function become(next) {
    if (state === "stopped") return;
    if (next === "live") failures = renewals = 0;
    state = next;
    show();
  }

  function show() {
    const silence = Date.now() - lastHeard;
    const stale = state === "stopped" || (state !== "live" && silence > STALE_AFTER);
    const over = document.getElementById("tournament-header")?.dataset.status === "completed";
    const crowd = watching > 1 ? ` · ${watching.toLocaleString()} watching` : "";
    const words = {
      connecting: "Connecting…",
      reconnecting: "Reconnecting…",
      live: (over ? "Up to date" : "Live") + crowd,
    };
    mark.hidden = false;
    mark.dataset.state = stale ? "stale" : state;
    mark.textContent = stale ? `Not live · last update ${age(silence)}` : words[state];
    if (stale === region.hasAttribute("data-viewer-stale")) return;
    region.toggleAttribute("data-viewer-stale", stale); // nothing on a stale page looks live: see app.css
    region.dispatchEvent(new Event("freshness"));
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
    if (trying || connection() || state === "stopped") return;
    trying = true;
    htmx.ajax("GET", region.getAttribute("hx-sse:connect"), { source: region, timeout: CONNECT_TIMEOUT });
  }

  function connectSoon() {
    trying = false;
    const most = Math.min(RETRY_MAX, 1000 * 2 ** failures++);
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, most * (0.5 + Math.random() / 2)); // spread, as everybody else waits too
  }

  /* Let htmx have the try now for which it waits. */
  function connectNow() {
    const waiting = connection();
    if (!waiting) return connect();
    waiting.attempt = Math.min(waiting.attempt, 1);
    waiting.delayCanceller?.();
  }

  function stop(why) {
    become("stopped");
    const notice = document.getElementById("stopped");
    notice.textContent = why;
    notice.hidden = false;
    connection()?.reader?.cancel();
  }

  /* A fresh token in the feed's cookie, which no script can read. Gives whether there is one. */
  async function renewToken() {
    try {
      const answer = await fetch(`/api/tournaments/${region.dataset.tournament}/feed-token/`, { method: "POST" });
      if (answer.status in REFUSALS || answer.status === 401) stop(REFUSALS[answer.status] ?? REFUSALS[403]);
      return answer.ok;
    } catch {
      return false; // no network: the next try will ask again
    }
  }

  /* The server answered with an error instead of a stream. Gives whether to try again at once: not if a fresh
     token was refused too, as it is for ever where the browser keeps no cookie. */
  async function refused(status) {
    if (status in REFUSALS) stop(REFUSALS[status]);
    return status === 401 && (await renewToken()) && renewals++ === 0;
  }

  // htmx hides the comments that keep a silent stream alive, so bytes are noticed on their way to it.
  const plainFetch = window.fetch;
  window.fetch = async (resource, options) => {
    const answer = await plainFetch(resource, options);
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return answer;
    lastHeard = Date.now();
    const noticed = new TransformStream({
      transform(chunk, controller) {
        lastHeard = Date.now();
        controller.enqueue(chunk);
      },
    });
    return new Response(answer.body.pipeThrough(noticed), { status: answer.status, headers: answer.headers });
  };

  // What htmx tells

  const on = (event, listener) => region.addEventListener(event, listener);

  on("htmx:sse:before:connection", (event) => {
    trying = false;
    if (state === "stopped") event.preventDefault();
    else if (event.detail.connection.attempt > 0) become("reconnecting");
  });
  on("htmx:sse:after:connection", () => become("live"));
  on("htmx:sse:error", async (event) => {
    become("reconnecting");
    if (await refused(event.detail.status)) connectNow();
  });
  on("htmx:sse:close", () => {
    become("reconnecting");
    connectSoon();
  });
  on("htmx:response:error", async (event) => {
    if (event.target !== region) return; // another request, from within the region
    become("reconnecting");
    const again = await refused(event.detail.ctx.response.status);
    connectSoon();
    if (again) connect();
  });
  on("htmx:error", (event) => {
    if (event.target !== region) return;
    become("reconnecting");
    connectSoon();
  });

  // What the server tells

  const told = (event) => JSON.parse(event.detail.data).data;

  on("connection_established", (event) => {
    silenceMax = told(event).heartbeat_seconds * 2500;
  });
  on("presence", (event) => {
    watching = told(event).watching;
    show();
  });
  on("token", renewToken);
  on("goodbye", async (event) => {
    const { code, reconnect } = told(event);
    if (!reconnect) stop(code === 4003 ? REFUSALS[403] : "The live updates have ended. Reload the page to go on.");
    else if (code === 4001 && (await renewToken())) connectNow();
  });
  on("resync", () => {
    // The page's position is of no use any more: the next frame replaces the whole tournament, newer or not.
    // A match's page is not in it.
    for (const part of document.querySelectorAll("[data-seq]")) part.removeAttribute("data-seq");
    if (document.getElementById("story")) location.reload();
  });

  // An older fragment never overwrites a newer one, and what this page does not show is passed over.
  on("htmx:before:swap", ({ detail: { tasks } }) => {
    const wanted = tasks.filter(({ type, target, fragment }) => {
      if (type !== "partial") return true;
      return target && Number(fragment.firstElementChild.dataset.seq) >= Number(target.dataset.seq ?? 0);
    });
    tasks.splice(0, tasks.length, ...wanted);
  });

  // A hidden page rests: htmx lets its stream go, and takes it up again when the page is looked at.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state === "live" && !connection()?.reader) become("reconnecting");
  });
  window.addEventListener("online", connectNow);
  window.addEventListener("offline", () => state === "live" && become("reconnecting"));

  setInterval(() => {
    if (state === "live" && !document.hidden && Date.now() - lastHeard > silenceMax) {
      become("reconnecting"); // the connection is dead and nobody said so
      connection()?.reader?.cancel();
    }
    if (state !== "live") show();
  }, 1000);

  show();
  connect();
  // htmx begins in a timer set before this one, perhaps before its extension has arrived to see the region.
  setTimeout(() => region._htmx || htmx.process(region));
})();
