/* What the viewer does with a page: fold and choose rounds, jump to what is being played (whom they follow is
   follow.js's business); and what the page does for the viewer: tell what changed, show times in the viewer's zone,
   and say on paper of when it is.

   The viewer's own state stands in attributes that begin with data-viewer- (and in aria-pressed and
   aria-expanded): the stream's swaps leave these alone, see morphIgnore in the layout. */
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // Times

  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

  function localiseTimes() {
    for (const time of all("time[datetime]")) {
      const at = new Date(time.dateTime);
      const sameDay = () => day.format(at) === day.format(new Date(time.dataset.day));
      const style = { day: () => day, clock: () => (sameDay() ? clock : moment) }[time.className]?.() ?? moment;
      time.textContent = style.format(at);
    }
  }

  localiseTimes();
  const region = document.getElementById("live-region");
  if (!region) return;

  // Telling what changed: a changed score pulses once, and the announcer says how its match stands

  const SPOKEN_MAX = 3;
  const SPOKEN_EVERY = 500; // milliseconds; what comes together is told together
  const scores = new WeakMap();
  let title = document.title;
  let said = sentences();
  let wasStale = false;
  let speaking = 0;
  let toldAt = ownSeq();

  /* How new the match is that the page is about. */
  function ownSeq() {
    return region.querySelector(".the-match > .match")?.dataset.seq;
  }

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

  const isStale = () => region.hasAttribute("data-viewer-stale");

  function announceSoon() {
    speaking ||= setTimeout(announce, SPOKEN_EVERY);
  }

  function announce() {
    speaking = 0;
    const before = said;
    said = sentences();
    const news = [...said].filter(([id, says]) => before.get(id) !== says);
    const [held, matches] = [true, false].map((of) => news.filter(([id]) => (id === "hold") === of).map(([, says]) => says));
    const words = [...held, ...(matches.length > SPOKEN_MAX ? [`${matches.length} matches have changed`] : matches)];
    if (isStale() !== wasStale) words.unshift(isStale() ? "This page is not live" : "Live again");
    wasStale = isStale();
    if (words.length) document.getElementById("announcer").textContent = `${words.join(". ")}.`;
    if (toldAt === ownSeq()) return;
    toldAt = ownSeq(); // though nothing may be said of it: it was taken back, say
    // The story comes from the log, not from the stream; not everybody asks for it in the same moment.
    if (document.getElementById("story")) setTimeout(() => htmx.trigger("#story", "story"), 1500 * Math.random());
  }

  // Rounds: on a wide screen the first ones of a bracket can be folded, else one at a time is shown

  const FOLDS_FROM = 16; // a finished round of so many matches is folded at first
  const phone = matchMedia("(max-width: 40rem)");
  const trees = () => all(".tree", region);
  const roundsOf = (tree) => all(".round", tree);
  const isPaired = (tree) => tree.closest('[data-layout="rounds"]') !== null; // one by one, below each other
  const titleOf = (round) => document.querySelector(`.round-title[aria-controls="${round.lastElementChild.id}"]`);
  const roundOf = (title) => document.getElementById(title.getAttribute("aria-controls")).closest(".round");
  const isDone = (round) => titleOf(round).matches("[data-done]");
  const isBegun = (within) => within.querySelector('[data-status="live"], [data-status="called-off"]');
  const isFolded = (round) => round.dataset.viewerFold === "closed";

  /* On a phone the titles are one control above the round that is shown, and scroll if they are many. */
  function gatherTitles(tree) {
    const control = tree.querySelector(".round-control");
    if (phone.matches && !control) {
      const made = Object.assign(document.createElement("div"), { className: "round-control" });
      made.append(...roundsOf(tree).map((round) => round.firstElementChild));
      tree.prepend(made);
    } else if (!phone.matches && control) {
      for (const heading of [...control.children]) roundOf(heading.firstElementChild).prepend(heading);
      control.remove();
    }
  }

  function arrangeRounds() {
    for (const tree of trees()) {
      gatherTitles(tree);
      const rounds = roundsOf(tree);
      for (const round of rounds) {
        const long = isPaired(tree) ? round !== rounds.at(-1) : all(".match", round).length >= FOLDS_FROM;
        const folded = isDone(round) && long;
        round.dataset.viewerFold ??= folded ? "closed" : "open";
      }
      if (rounds.some((round) => "viewerShown" in round.dataset)) markRounds(tree);
      else showRound(rounds.find(isBegun) ?? rounds.find((round) => !isDone(round)) ?? rounds.at(-1));
    }
  }

  function showRound(shown) {
    const tree = shown.closest(".tree");
    for (const round of roundsOf(tree)) round.toggleAttribute("data-viewer-shown", round === shown);
    markRounds(tree);
  }

  /* The titles stay in sight however far somebody has scrolled; the round they choose begins at its top. */
  function chooseRound(chosen) {
    showRound(chosen);
    const tree = chosen.closest(".tree");
    if (tree.getBoundingClientRect().top < 0) tree.scrollIntoView();
  }

  /* Fold the rounds before this one; with it, unless it is folded or the last. Of those below each other, it
     alone. */
  function foldRounds(round) {
    const rounds = isPaired(round) ? [round] : roundsOf(round.closest(".tree"));
    const count = rounds.indexOf(round) + (isFolded(round) || (rounds.length > 1 && round === rounds.at(-1)) ? 0 : 1);
    rounds.forEach(({ dataset }, index) => (dataset.viewerFold = index < count ? "closed" : "open"));
    markRounds(round.closest(".tree"));
  }

  function markRounds(tree) {
    const rounds = roundsOf(tree);
    for (const round of rounds) {
      const open = phone.matches ? "viewerShown" in round.dataset : !isFolded(round);
      titleOf(round).setAttribute("aria-expanded", String(open));
      titleOf(round).toggleAttribute("data-viewer-live", round.querySelector('[data-status="live"]') !== null);
    }
    const control = tree.querySelector(".round-control");
    const shown = control?.querySelector('[aria-expanded="true"]')?.parentElement;
    if (shown) control.scrollLeft = shown.offsetLeft - (control.clientWidth - shown.offsetWidth) / 2;
    const columns = tree.querySelector(".rounds");
    if (!isPaired(tree)) columns.style.gridTemplateColumns = "2.75rem ".repeat(rounds.filter(isFolded).length);
  }

  phone.addEventListener("change", () => [arrangeRounds(), arrangeSections()]);

  region.addEventListener("keydown", (event) => {
    const title = event.target.closest?.(".round-title, .section-title");
    if (!title) return;
    const within = title.matches(".round-title") ? title.closest(".tree") : title.closest(".stage");
    const titles = all(title.matches(".round-title") ? ".round-title" : ".section-title", within);
    const next = titles[titles.indexOf(title) + { ArrowLeft: -1, ArrowRight: 1 }[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
    if (next.matches(".section-title") && phone.matches) showSection(next.closest(".section"));
    else if (next.matches(".round-title") && phone.matches) chooseRound(roundOf(next));
  });

  // Sections of a bracket: on a wide screen each can be folded, on a phone one at a time is shown

  const sectionsOf = (stage) => all(".section:has(> .section-head)", stage);

  function arrangeSections() {
    for (const stage of all(".stage", region)) {
      const sections = sectionsOf(stage);
      if (!sections.length) continue;
      if (!sections.some((section) => "viewerShown" in section.dataset)) {
        const open = (section) => section.querySelector('[data-status="ready"], [data-status="locked"]');
        showSection(sections.find(isBegun) ?? sections.find(open) ?? sections.at(-1));
      }
      markSections(sections);
    }
  }

  function showSection(shown) {
    const sections = sectionsOf(shown.closest(".stage"));
    for (const section of sections) section.toggleAttribute("data-viewer-shown", section === shown);
    markSections(sections);
  }

  function markSections(sections) {
    for (const section of sections) {
      const open = phone.matches ? "viewerShown" in section.dataset : section.dataset.viewerFold !== "closed";
      section.querySelector(".section-title").setAttribute("aria-expanded", String(open));
    }
  }

  function foldSection(section) {
    if (phone.matches) return showSection(section);
    section.dataset.viewerFold = section.dataset.viewerFold === "closed" ? "open" : "closed";
    markSections([section]);
  }

  // What can be folded by itself: on a phone the matches of a group are, at first, unless one is being played

  function arrangeFolds() {
    for (const fold of all('.fold[data-fold="phone"]:not([data-viewer-seen])', region)) {
      fold.setAttribute("data-viewer-seen", "");
      const begun = isBegun(document.getElementById(fold.getAttribute("aria-controls")));
      if (phone.matches && !begun) fold.setAttribute("aria-expanded", "false");
    }
  }

  // Tables: a row slides to its new place, and one whose place has changed is marked for a while

  const places = new Map();

  function slideRows() {
    for (const row of all(".standings tr[data-place]", region)) {
      const before = places.get(row.id);
      const now = { top: row.offsetTop, place: Number(row.dataset.place) };
      places.set(row.id, now);
      if (!before || before.place === now.place) continue;
      row.dataset.viewerMoved = now.place < before.place ? "up" : "down";
      setTimeout(() => row.removeAttribute("data-viewer-moved"), 8000);
      if (calm.matches || !row.offsetParent) continue;
      row.animate([{ transform: `translateY(${before.top - now.top}px)` }, { transform: "none" }], {
        duration: 500,
        easing: "ease-out",
      });
    }
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
    const title = target.closest(".round-title");
    const round = title && roundOf(title);
    if (round && phone.matches) chooseRound(round);
    else if (round) foldRounds(round);
    const section = target.closest(".section-title")?.closest(".section");
    if (section) foldSection(section);
    const fold = target.closest(".fold");
    if (fold) fold.setAttribute("aria-expanded", String(fold.getAttribute("aria-expanded") !== "true"));
  });

  function nameTab() {
    const live = all('[id^="match-"][data-status="live"]', region).length;
    const state = isStale() ? "(not live) " : live ? `(${live} live) ` : "";
    document.title = (document.hidden ? "" : state) + title; // a hidden page rests, and does not know
  }

  /* The heading of a match's page: who was still unknown may be known by now. */
  function namePairing() {
    const pairing = document.getElementById("pairing");
    const names = all(".the-match .name", region).map((name) => (name.querySelector("bdi") ?? name).textContent);
    const before = pairing?.textContent;
    if (pairing) all("bdi", pairing).forEach((side, index) => (side.textContent = names[index]));
    if (pairing && before !== pairing.textContent) title = title.replace(before, pairing.textContent);
  }

  // On paper nothing is live: it says of when it is

  let freshAt = new Date();

  function sayAsOf() {
    const paper = document.getElementById("as-of");
    if (!isStale()) freshAt = new Date();
    paper.textContent = `As of ${moment.format(freshAt)}`;
    paper.hidden = false;
  }

  addEventListener("beforeprint", sayAsOf);
  addEventListener("afterprint", () => (document.getElementById("as-of").hidden = true));

  function arrange() {
    namePairing();
    nameTab();
    arrangeRounds();
    arrangeSections();
    arrangeFolds();
    slideRows();
    watchLive();
    pulse();
  }

  arrange();
  region.addEventListener("freshness", () => {
    if (isStale()) freshAt = new Date();
    nameTab();
    announceSoon();
  });
  document.addEventListener("visibilitychange", nameTab);
  region.addEventListener("htmx:after:swap", () => {
    arrange();
    announceSoon();
    localiseTimes();
  });
})();
