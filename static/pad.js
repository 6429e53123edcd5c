/* The scoring pad in a referee's hands: what is typed replaces what stood there, a slip of the fingers is asked
   about, the screen stays on, and what was tapped when a login had ended is offered again. The sending is
   staff.js's business. */
"use strict";
(() => {
  const JUMP_MAX = 20; // points, beyond which a typed score is rather a slip
  const find = (selector, root = document) => root.querySelector(selector);
  const numbers = () => [...document.querySelectorAll(".pad-number")];

  // ------------------------------------------------------------------ typing

  const focused = () => document.activeElement?.matches(".pad-number") && document.activeElement;
  let before = ""; // what the field with the focus held before a swap
  let typedOver = null; // what it held before somebody typed in it
  let entering = null; // a field that is being tapped into: the tap's end would put the caret into it

  /* What is typed next replaces all that the field with the focus holds. */
  function reselect() {
    typedOver = null;
    if (focused()) focused().select();
  }

  document.addEventListener("focusin", ({ target }) => {
    entering = target.matches(".pad-number") ? target : null;
    reselect();
  });
  document.addEventListener("click", ({ target }) => {
    if (target === entering) reselect();
    entering = null;
  });
  document.addEventListener("beforeinput", ({ target }) => target === focused() && (typedOver ??= target.value));
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: "plus", ArrowDown: "minus" }[event.key];
    if (!step || !event.target.matches(".pad-number")) return;
    event.preventDefault();
    find(`.${step}`, event.target.closest(".pad-side")).click();
    reselect();
  });
  document.addEventListener("submit", () => setTimeout(reselect)); // when the step has been taken

  // Before staff.js sends it.
  document.addEventListener(
    "change",
    (event) => {
      const { target } = event;
      if (!target.matches(".pad-number")) return;
      const held = typedOver ?? target.defaultValue;
      if (isSlip(target, held)) {
        event.stopPropagation();
        target.value = held;
      }
      reselect();
    },
    true,
  );

  function isSlip(input, held) {
    if (!/^\s*\d+\s*$/.test(input.value) || Math.abs(input.value - held) <= JUMP_MAX) return false;
    const name = input.closest(".pad-side").getAttribute("aria-label");
    return !confirm(`${name}: from ${held} to ${input.value.trim()}?`);
  }

  // ------------------------------------------------------------------ the screen

  let awake = null; // the promise of a lock

  function keepAwake() {
    if (find('#pad[data-status="live"]') && !document.hidden) {
      awake ??= navigator.wakeLock?.request("screen").catch(() => null); // a battery that is low, say
    } else {
      awake?.then((lock) => lock?.release());
      awake = null;
    }
  }

  // ------------------------------------------------------------------ a login that has ended

  const key = `grandstand.unsaved.${location.pathname}`;
  const games = () => find(".pad-score")?.elements.games?.value;
  const shown = () => numbers().map((input) => input.value);
  const isSame = ({ score }) => String(score) === String(shown());

  function kept(change) {
    try {
      change?.(sessionStorage);
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null; // a browser without storage keeps no login either
    }
  }

  function offer() {
    const unsaved = kept();
    if (!unsaved || find("#pad-unsaved")) return;
    if (isSame(unsaved)) return kept((storage) => storage.removeItem(key));
    const words = document.createElement("p");
    words.textContent = `You had entered ${unsaved.score.join("–")} when your login ended. It was not saved.`;
    const notice = document.createElement("div");
    notice.id = "pad-unsaved";
    notice.className = "notice bad";
    notice.setAttribute("role", "alert");
    notice.append(words);
    if (find(".pad-score") && unsaved.games === games()) {
      notice.append(choice(`Set it to ${unsaved.score.join("–")}`, "button", () => enter(unsaved.score)), " ");
    }
    notice.append(choice("Leave it as it is", "link"));
    find("#pad-trouble").after(notice);
  }

  function choice(text, look, act) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: look, textContent: text });
    button.addEventListener("click", () => {
      kept((storage) => storage.removeItem(key));
      find("#pad-unsaved").remove();
      act?.();
    });
    return button;
  }

  function enter(score) {
    numbers().forEach((input, side) => (input.value = score[side]));
    find(".pad-score").requestSubmit();
  }

  // ------------------------------------------------------------------ htmx

  document.addEventListener("htmx:after:request", ({ target, detail: { ctx } }) => {
    if (ctx.response.status !== 401 || !target.matches(".pad-score")) return;
    kept((storage) => storage.setItem(key, JSON.stringify({ score: shown(), games: games() })));
  });
  document.addEventListener("htmx:before:swap", () => (before = focused() && focused().value));
  document.addEventListener("htmx:after:swap", () => {
    if (focused() && focused().value !== before) reselect();
    keepAwake();
    offer();
  });
  document.addEventListener("visibilitychange", keepAwake);
  keepAwake();
  offer();
})();
