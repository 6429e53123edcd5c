/* What the viewer does with a page: follow a participant, fold and choose rounds, jump to what is being played;
   and what the page does for the viewer: tell what changed, and show times in the viewer's zone.

   The viewer's own state stands in attributes that begin with data-viewer- (and in aria-pressed and
   aria-expanded): the stream's swaps leave these alone, see morphIgnore in the layout. */
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // Times

  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

  function localiseTimes() {
    for (const time of all("time[datetime]")) {
      time.textContent = (time.className === "day" ? day : moment).format(new Date(time.dateTime));
    }
  }

  localiseTimes();
  const region = document.getElementById("live-region");
  if (!region) return;

  // Telling what changed: a changed score pulses once, and the announcer says how its match stands

  const SPOKEN_MAX = 3;
  const scores = new WeakMap();
  const title = document.title;
  let said = sentences();

  function sentences() {
    return new Map(all("[data-says]", region).map((card) => [card.id.replace(/^[a-z]+-/, ""), card.dataset.says]));
  }

  function pulse() {
    for (const score of all(".score", region)) {
      const before = scores.get(score);
      scores.set(score, score.textContent);
      if (before && before !== score.textContent && !calm.matches) {
        score.animate({ backgroundColor: ["var(--pulse)", "var(--pulse)", "transparent"] }, 1600);
      }
    }
  }

  function announce() {
    const before = said;
    said = sentences();
    const news = [...said].filter(([id, says]) => before.get(id) !== says).map(([, says]) => says);
    if (!news.length) return;
    document.getElementById("announcer").textContent =
      news.length > SPOKEN_MAX ? `${news.length} matches have changed.` : `${news.join(". ")}.`;
    // The story comes from the log, not from the stream; not everybody asks for it in the same moment.
    if (document.getElementById("story")) setTimeout(() => htmx.trigger("#story", "story"), 1500 * Math.random());
  }

  // Rounds: on a wide screen the first ones can be folded, on a phone one at a time is shown

  const FOLDS_FROM = 16; // a finished round of so many matches is folded at first
  const phone = matchMedia("(max-width: 40rem)");
  const rounds = () => all(".round", region);
  const isDone = (round) => round.querySelector(".round-title[data-done]");
  const isLive = (round) => round.querySelector('[data-status="live"]');
  const isFolded = (round) => round.dataset.viewerFold === "closed";

  function arrangeRounds() {
    for (const round of rounds()) {
      const folded = isDone(round) && all(".match", round).length >= FOLDS_FROM;
      round.dataset.viewerFold ??= folded ? "closed" : "open";
    }
    if (rounds().some((round) => "viewerShown" in round.dataset)) markRounds();
    else showRound(rounds().find(isLive) ?? rounds().find((round) => !isDone(round)) ?? rounds().at(-1));
  }

  function showRound(shown) {
    for (const round of rounds()) round.toggleAttribute("data-viewer-shown", round === shown);
    markRounds();
  }

  /* The titles stay in sight however far somebody has scrolled; the round they choose begins at its top. */
  function chooseRound(chosen) {
    showRound(chosen);
    const list = region.querySelector(".rounds");
    if (list.getBoundingClientRect().top < 0) list.scrollIntoView();
  }

  /* Fold the rounds before this one; with it, unless it is folded or the last. */
  function foldRounds(round) {
    const count = rounds().indexOf(round) + (isFolded(round) || round === rounds().at(-1) ? 0 : 1);
    rounds().forEach(({ dataset }, index) => (dataset.viewerFold = index < count ? "closed" : "open"));
    markRounds();
  }

  function markRounds() {
    for (const round of rounds()) {
      const open = phone.matches ? "viewerShown" in round.dataset : !isFolded(round);
      round.querySelector(".round-title").setAttribute("aria-expanded", String(open));
    }
    const columns = region.querySelector(".rounds");
    if (columns) columns.style.gridTemplateColumns = "2.75rem ".repeat(rounds().filter(isFolded).length);
  }

  phone.addEventListener("change", markRounds);

  region.addEventListener("keydown", (event) => {
    const titles = all(".round-title", region);
    const next = titles[titles.indexOf(event.target) + { ArrowLeft: -1, ArrowRight: 1 }[event.key]];
    if (!titles.includes(event.target) || !next) return;
    event.preventDefault();
    next.focus();
    if (phone.matches) chooseRound(next.closest(".round"));
  });

  // Following a participant: the whole path is lit, and the next match stands on top

  const key = `grandstand.follow.${region.dataset.tournament}`;
  let followed = remembered();

  function remembered() {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return ""; // a browser without storage: the choice lasts as long as the page
    }
  }

  function choose(participant) {
    followed = participant;
    try {
      localStorage.setItem(key, participant);
    } catch {
      // as above
    }
    follow();
  }

  function follow() {
    for (const side of all("[data-participant]", region)) {
      const lit = side.dataset.participant === followed;
      side.toggleAttribute("data-viewer-followed", lit);
      side.querySelector("button").setAttribute("aria-pressed", String(lit));
    }
    for (const card of all(".match", region)) {
      card.toggleAttribute("data-viewer-path", card.querySelector("[data-viewer-followed]") !== null);
    }
    const box = document.getElementById("following");
    if (box) showFollowed(box, all(".bracket [data-viewer-path]"));
  }

  function showFollowed(box, path) {
    const shown = document.createElement("section");
    if (path.length) shown.append(...nextOf(path));
    box.hidden = !path.length;
    if (shown.innerHTML === box.innerHTML) return; // what has the focus keeps it
    const focused = box.contains(document.activeElement) && document.activeElement;
    box.replaceChildren(...shown.childNodes);
    if (focused) refocus(focused, path.length ? box : region.querySelector(".bracket"));
  }

  /* Give the focus to what stands for a button or link that is gone: the same name, else the same kind. */
  function refocus({ parentElement, localName, className }, place) {
    const name = parentElement.dataset.participant;
    const same = name && place.querySelector(`[data-participant="${name}"] .name`);
    (same || place.querySelector(`${localName}.${className}`))?.focus({ preventScroll: true });
  }

  /* The followed participant's name, and the card of the match that is theirs now, next or was the last. */
  function nextOf(path) {
    const next = path.find(({ dataset }) => ["live", "ready", "locked"].includes(dataset.status)) ?? path.at(-1);
    const heading = document.createElement("h2");
    heading.textContent = `You follow ${next.querySelector("[data-viewer-followed] .name").firstChild.textContent}`;
    const card = next.cloneNode(true);
    card.removeAttribute("id");
    card.removeAttribute("data-says");
    const list = document.createElement("ol");
    list.append(card);
    return [heading, list];
  }

  // Jumping to the matches being played, offered while none of them is in view

  const jump = document.getElementById("jump");
  const inView = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    offerJump();
  });

  function offerJump() {
    jump.hidden = inView.size > 0 || !region.querySelector('.strip [data-status="live"]');
  }

  function watchLive() {
    watcher.disconnect();
    inView.clear();
    for (const card of all('.match[data-status="live"]', region)) watcher.observe(card);
    offerJump();
  }

  region.addEventListener("click", ({ target }) => {
    const round = target.closest(".round-title")?.closest(".round");
    if (round && phone.matches) chooseRound(round);
    else if (round) foldRounds(round);
    const participant = target.closest("button.name")?.closest("[data-participant]").dataset.participant;
    if (participant) choose(participant === followed ? "" : participant);
  });

  function nameTab() {
    const live = all('[id^="match-"][data-status="live"]', region).length;
    const stale = region.hasAttribute("data-viewer-stale");
    const state = stale ? "(not live) " : live ? `(${live} live) ` : "";
    document.title = (document.hidden ? "" : state) + title; // a hidden page rests, and does not know
  }

  function arrange() {
    nameTab();
    arrangeRounds();
    follow();
    watchLive();
    pulse();
  }

  arrange();
  region.addEventListener("freshness", nameTab);
  document.addEventListener("visibilitychange", nameTab);
  region.addEventListener("htmx:after:swap", () => {
    arrange();
    announce();
    localiseTimes();
  });
})();
