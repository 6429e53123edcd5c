/* Whom the viewer follows: any number of participants, by the star beside a name, here or in what the search finds.
   Their whole path is lit, and the next match of each stands on top. The choice is kept in this browser, tournament by
   tournament; no server knows of it. */
"use strict";
(() => {
  const region = document.getElementById("live-region");
  if (!region) return;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const FOUND_MAX = 8;

  // The choice

  const site = new URL("..", document.currentScript.src); // others may live on the same host, below other paths
  const key = `grandstand.follow.${site.pathname.slice(1)}${region.dataset.tournament}`;
  let followed = new Set(remembered());

  function remembered() {
    try {
      return (localStorage.getItem(key) ?? "").split(",").filter(Boolean);
    } catch {
      return []; // a browser without storage: the choice lasts as long as the page
    }
  }

  function choose(participant) {
    if (!followed.delete(participant)) followed.add(participant);
    try {
      localStorage.setItem(key, [...followed].join(","));
    } catch {
      // as above
    }
    follow();
  }

  // What is marked

  function follow() {
    for (const side of all("[data-participant]")) {
      const lit = followed.has(side.dataset.participant);
      side.toggleAttribute("data-viewer-followed", lit);
      side.querySelector(".star").setAttribute("aria-pressed", String(lit));
    }
    for (const card of all(".match", region)) {
      card.toggleAttribute("data-viewer-path", card.querySelector("[data-viewer-followed]") !== null);
    }
    const box = document.getElementById("following");
    if (box) showFollowed(box);
  }

  function showFollowed(box) {
    const next = new Map(); // whom, and the match of theirs; two who meet have one
    for (const participant of followed) {
      const card = matchOf(participant);
      if (card) next.set(participant, card);
    }
    const shown = document.createElement("section");
    if (next.size) shown.append(...told(next));
    box.hidden = !next.size;
    if (shown.innerHTML === box.innerHTML) return; // what has the focus keeps it
    const focused = box.contains(document.activeElement) && document.activeElement;
    box.replaceChildren(...shown.childNodes);
    if (focused) refocus(focused, box.contains(focused) || next.size ? box : region.querySelector(".bracket"));
  }

  /* Give the focus to what stands for a button or link that is gone: the same name, else the same kind. */
  function refocus({ parentElement, localName, className }, place) {
    const name = parentElement.dataset.participant;
    const same = (where) => name && where.querySelector(`[data-participant="${name}"] .star`);
    const found = same(place) || same(region) || place.querySelector(`${localName}.${className}`);
    found?.focus({ preventScroll: true });
  }

  /* The card of the match that is somebody's now, next, or was the last. */
  function matchOf(participant) {
    const path = all(`.bracket .match:has([data-participant="${participant}"])`);
    return path.find(({ dataset }) => ["live", "called-off", "ready", "locked"].includes(dataset.status)) ?? path.at(-1);
  }

  const nameOf = (participant, card) => card.querySelector(`[data-participant="${participant}"] bdi`).textContent;

  function told(next) {
    const heading = document.createElement("h2");
    const names = [...next].map(([participant, card]) => nameOf(participant, card));
    heading.append(names.length > 3 ? `You follow ${names.length} participants` : "You follow ");
    if (names.length <= 3) {
      names.forEach((name, index) => {
        const bdi = document.createElement("bdi");
        bdi.textContent = name;
        heading.append(...(index ? [", ", bdi] : [bdi]));
      });
    }
    const list = document.createElement("ol");
    list.className = "followed-matches";
    for (const card of new Set(next.values())) {
      const copy = card.cloneNode(true);
      copy.removeAttribute("id");
      copy.removeAttribute("data-says");
      list.append(copy);
    }
    return [heading, list];
  }

  // Finding a name among many

  const finder = document.getElementById("finder");
  const input = finder?.querySelector("input");
  const list = finder?.querySelector(".found");

  /* Everybody's name by participant, in the order of the page. */
  function everybody() {
    const names = new Map();
    for (const side of all("[data-participant]", region)) {
      if (!names.has(side.dataset.participant)) names.set(side.dataset.participant, side.querySelector("bdi").textContent);
    }
    return names;
  }

  function offerFinder() {
    if (finder) finder.hidden = everybody().size < finding.LONG;
    if (finder && !list.hidden) find();
  }

  function find() {
    const typed = input.value.trim();
    const found = typed ? [...everybody()].filter(([, name]) => finding.holds(name, typed)) : [];
    const lines = found.slice(0, FOUND_MAX).map(([participant, name]) => line(participant, name));
    const focused = list.contains(document.activeElement) && document.activeElement;
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
    if (focused) refocus(focused, list);
    const more = found.length > FOUND_MAX ? `, the first ${FOUND_MAX} shown` : "";
    const words = found.length ? `${found.length} found${more}` : "Nobody is called that";
    const said = finder.querySelector("[role=status]");
    said.textContent = typed ? words : "";
    said.classList.toggle("visually-hidden", !typed || found.length > 0);
  }

  /* A name that was found: its star, and the way to its match. */
  function line(participant, name) {
    const made = Object.assign(document.createElement("li"), { className: "found-line" });
    made.dataset.participant = participant;
    const star = Object.assign(document.createElement("button"), { type: "button", className: "star" });
    const lit = followed.has(participant);
    star.setAttribute("aria-pressed", String(lit));
    star.setAttribute("aria-label", `Follow ${name}`);
    made.toggleAttribute("data-viewer-followed", lit);
    const link = matchOf(participant)?.querySelector(".match-label");
    const words = document.createElement(link ? "a" : "span");
    const bdi = Object.assign(document.createElement("bdi"), { textContent: name });
    words.className = "found-name";
    words.append(bdi);
    if (link) {
      words.href = link.href;
      words.append(" ", Object.assign(document.createElement("small"), { className: "quiet", textContent: link.textContent }));
    }
    made.append(star, words);
    return made;
  }

  function closeFinder() {
    list.hidden = true;
  }

  if (finder) {
    input.addEventListener("input", find);
    input.addEventListener("focus", find);
    finder.addEventListener("keydown", (event) => {
      const lines = all("li", list);
      const at = lines.indexOf(document.activeElement.closest("li"));
      if (event.key === "Escape") {
        input.value = "";
        find();
        input.focus();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const next = lines[at + (event.key === "ArrowDown" ? 1 : -1)];
        (next?.querySelector("a") ?? next?.querySelector(".star") ?? (at < 1 ? input : document.activeElement)).focus();
      } else if (event.key === "Enter" && document.activeElement === input) {
        list.querySelector("a")?.click();
      }
    });
    document.addEventListener("click", ({ target }) => finder.contains(target) || closeFinder());
    finder.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !finder.contains(relatedTarget)) closeFinder();
    });
  }

  // What happens

  document.addEventListener("click", ({ target }) => {
    const star = target.closest?.(".star");
    if (star) choose(star.closest("[data-participant]").dataset.participant);
  });
  addEventListener("storage", (event) => {
    if (event.key !== key) return;
    followed = new Set(remembered()); // in another tab
    follow();
  });
  function arrange() {
    follow();
    offerFinder();
  }
  arrange();
  region.addEventListener("htmx:after:swap", arrange);
})();
