// The staff's pages. Without this script every form is a plain POST; with it, quick taps on the scoring pad
// all count, a refresh never wipes what is being typed, a lost connection is told and tried again, and the
// focus is never lost.
"use strict";
(() => {
  const RETRY_MS = 2000;
  const LEAVING_MS = 10_000;
  const ONCE_MS = 10_000;
  const NO_ANSWER = 0;
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ------------------------------------------------------------------ the score
  //
  // A tap changes the number at once. One request is under way at a time; what is tapped meanwhile is sent
  // when it is answered, on top of the version in that answer. The truth is what the server answers. Where no
  // answer comes, the very same score is sent again before any later one: should it have arrived the first
  // time, it changes nothing, and the version in its answer is ours to build on.

  const scoring = { sending: false, unsent: false, trouble: false, confirm: false, answered: NO_ANSWER, sent: {}, later: {} };
  const scoreForm = () => find(".pad-score");
  const numbers = (form) => all(".pad-number", form);
  const values = (inputs) => Object.fromEntries(inputs.map((input) => [input.name, input.value]));
  const differs = (input) => input.value !== scoring.sent[input.name];

  function save() {
    const form = scoreForm();
    if (!form) return;
    find(".pad-confirm").open = false; // its sentence is about the score before
    scoring.unsent = scoring.sending && numbers(form).some(differs);
    if (!scoring.sending) send(form, values(numbers(form)));
  }

  function send(form, wanted) {
    const shown = values(numbers(form));
    Object.assign(scoring, { sending: true, answered: NO_ANSWER, sent: wanted });
    for (const input of numbers(form)) input.value = wanted[input.name];
    htmx.trigger(form, "save"); // reads the form at once
    for (const input of numbers(form)) input.value = shown[input.name];
  }

  function step(form, submitter) {
    const [, side, way] = submitter?.value?.match(/^(participant[12])_(plus|minus)$/) ?? [];
    const input = side && form.elements[`${side}_score`];
    if (!input || !/^\s*\d+\s*$/.test(input.value)) return true;
    const before = Number(input.value);
    input.value = Math.max(0, before + (way === "plus" ? 1 : -1));
    find(`[value="${side}_minus"]`, form).setAttribute("aria-disabled", String(input.value === "0"));
    return Number(input.value) !== before;
  }

  /* An answer is about to be shown: remember what has been tapped or typed since it was asked for, or all of it where
     it is another form's and the score's is still to come. */
  function beforeAnswer() {
    const kept = scoring.answered ? differs : () => true;
    scoring.later = scoring.answered < 400 ? values(all(".pad-score .pad-number").filter(kept)) : {};
  }

  /* The pad shows the answer: its numbers are the truth, but for what came later. */
  function afterAnswer() {
    const form = scoreForm();
    const shown = scoring.answered < 400 || [409, 422].includes(scoring.answered);
    if (!form || !shown) return;
    for (const input of numbers(form)) input.value = scoring.later[input.name] ?? input.defaultValue;
  }

  /* Whether the same request may well be answered otherwise in a moment. */
  const passes = (status) => [NO_ANSWER, 408, 429].includes(status) || status >= 500;

  /* The pad shows what somebody else did, and nothing was being entered here: the field with the focus too. */
  function afterRefresh() {
    for (const input of all(".pad-number")) input.value = input.defaultValue;
  }

  function answered() {
    scoring.trouble = passes(scoring.answered);
    if (scoring.trouble) {
      if (scoring.answered) calm();
      scoring.answered = NO_ANSWER; // as good as none
      setTimeout(sendAgain, RETRY_MS);
      return;
    }
    const more = scoring.unsent && scoring.answered < 400;
    Object.assign(scoring, { sending: false, unsent: false });
    queueMicrotask(more ? save : settled); // when htmx has let go of the request
  }

  /* Unless the answer to another form has ended the scoring meanwhile. */
  function sendAgain() {
    if (scoreForm()) return send(scoreForm(), scoring.sent);
    Object.assign(scoring, { sending: false, unsent: false, trouble: false });
    follow();
  }

  /* The server's own words ask to try again. */
  function calm() {
    const words = document.createElement("p");
    words.textContent = "The score is not saved yet. You need not do anything: it is sent again by itself.";
    (find("#pad-trouble > *") ?? find("#pad-trouble")).append(words);
  }

  /* Nothing is under way any more. Who wanted to confirm meanwhile now sees what it is. */
  function settled() {
    const panel = find(".pad-confirm");
    if (panel && scoring.confirm && scoring.answered < 400) panel.open = true;
    scoring.confirm = false;
  }

  window.addEventListener("beforeunload", (event) => {
    if (scoring.trouble || scoring.unsent) event.preventDefault();
  });

  // ------------------------------------------------------------------ a new tournament

  /* What the form would make is told anew after each change of it. */
  document.addEventListener("change", ({ target }) => {
    const outline = target.form && find("#outline", target.form);
    if (outline) htmx.trigger(outline, "refresh");
  });

  /* A form that came back filled in is told at once, when the browser has put back what was typed. */
  window.addEventListener("load", () => {
    if (find("#outline") && find("#participants")?.value) setTimeout(() => htmx.trigger("#outline", "refresh"), 500);
  });

  // ------------------------------------------------------------------ following the feed

  function dirty(root) {
    if (find("[data-refused]", root)) return true; // what came back is saved nowhere else
    const usual = ({ options }) => Math.max(0, [...options].findIndex((option) => option.defaultSelected));
    return (
      all("select", root).some((field) => field.selectedIndex !== usual(field)) ||
      all("input:not([type=hidden]), textarea", root).some((field) =>
        field.matches("[type=radio], [type=checkbox]")
          ? field.checked !== field.defaultChecked
          : field.value !== field.defaultValue,
      )
    );
  }

  /* A form of it is on its way: its answer will show what is new, and knows where the focus was. */
  const underway = (part) => find("form.htmx-request", part) !== null;

  /* Whether a part can be changed by what is new. Who is entering something there is told instead. */
  function mayChange(part) {
    if (scoring.sending || scoring.unsent || underway(part)) return false;
    const entering = dirty(part);
    if (entering) find(".stale", part)?.removeAttribute("hidden");
    return !entering;
  }

  function follow() {
    for (const part of all("[data-follow]")) {
      const card = document.getElementById(`match-${part.dataset.match}`); // none beside #work, or where it is gone
      const isNews = (shown) => Number(shown?.dataset.seq) > Number(part.dataset.seq);
      if (card && !isNews(card) && !isNews(find("#hold"))) continue;
      if (mayChange(part)) htmx.trigger(part, "refresh");
    }
  }

  function mayReplace(part, tasks) {
    const fresh = tasks.map((task) => find("[data-follow]", task.fragment)).find(Boolean);
    const isNews = fresh && Number(fresh.dataset.seq) > Number(part.dataset.seq);
    return isNews && mayChange(part);
  }

  // ------------------------------------------------------------------ the focus
  //
  // A swap may take away what had the focus, and may bring a refusal that nobody would see further down.

  let arriving = null; // a part on its way into the page: whether it is a refusal, and what of it has the focus

  function beforePart(part, fragment) {
    const focused = part.contains(document.activeElement) && document.activeElement;
    const opener = focused && find("summary", focused.closest("details") ?? focused);
    arriving = { part, refused: find("#pad-refusal", fragment) !== null, focused, href: focused.href, opener };
  }

  /* The focus stays where it was: on the same link, wherever it is now; at what opens what has closed. */
  function afterPart({ part, refused, focused, href, opener }) {
    const link = href && all("a", part).find((each) => each.href === href);
    if (refused) {
      const wanted = find("[autofocus]", part) ?? find("[aria-invalid]", part) ?? find("#pad-refusal");
      wanted.focus();
      wanted.scrollIntoView({ block: "center" });
    } else if (focused) {
      const wanted = [link, focused, opener, find(".plus", part), find("h1")];
      wanted.find((each) => each?.isConnected && each.checkVisibility()).focus({ preventScroll: true });
    }
  }

  // Enter makes no result final: it leads on, at last to the button that does.
  document.addEventListener("keydown", (event) => {
    const panel = event.target.matches("input") && event.target.closest(".pad-panel");
    if (!panel || event.key !== "Enter") return;
    event.preventDefault();
    const stops = all("input:not([type=hidden], [type=radio]), .pad-final", panel);
    stops[stops.indexOf(event.target) + 1].focus();
  });

  // ------------------------------------------------------------------ htmx

  // A form that its answer has taken out of the page is still what was sent; htmx then names what it was swapped into.
  const source = ({ detail: { ctx }, target }) => ctx?.request?.form ?? ctx?.sourceElement ?? target;
  const ofScore = (event) => source(event)?.matches?.(".pad-score");

  document.addEventListener("htmx:after:request", (event) => {
    if (!ofScore(event)) return;
    scoring.answered = event.detail.ctx.response.status;
    // On to the login, at once: pad.js keeps what was tapped, and nobody is asked whether to leave.
    if (scoring.answered === 401) Object.assign(scoring, { trouble: false, unsent: false });
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const { tasks } = event.detail;
    if (source(event)?.matches?.("[data-follow]") && !mayReplace(source(event), tasks)) {
      event.preventDefault();
      return;
    }
    // What somebody has opened stays open if it has an id. What asks "are you sure?" has none: it closes,
    // because what it is about has changed.
    for (const { fragment } of tasks) {
      for (const details of all("details[id]", fragment)) {
        if (document.getElementById(details.id)?.open) details.open = true;
      }
    }
    const partTask = tasks.find(({ target }) => target?.matches?.("[data-follow]"));
    if (partTask) beforePart(partTask.target, partTask.fragment);
    if (scoring.sending && source(event)?.matches?.("form")) beforeAnswer();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target.id === "live-region") follow();
    else if (scoring.sending) afterAnswer();
    else if (event.target.matches("[data-follow]")) {
      tellMoments();
      afterRefresh();
    }
    if (arriving && event.target.id !== "live-region") {
      afterPart(arriving);
      arriving = null;
    }
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const status = event.detail.ctx.response?.status ?? NO_ANSWER;
    event.detail.ctx.keepIndicators = false; // they may stop on the way to the login, or come back
    if (ofScore(event) && scoring.sending) answered();
    // When it is under way no more; and what asks for the part does not lead to the login where a form just has.
    if (source(event)?.matches?.("form")) setTimeout(follow, status === 401 ? LEAVING_MS : 0);
    if (!source(event)?.matches?.("[data-follow]")) return;
    if (status === 404) location.reload(); // what this page is about is gone; the server knows what leads on
    if (passes(status)) setTimeout(follow, RETRY_MS);
  });
  document.addEventListener("htmx:error", (event) => {
    const trouble = find("#pad-trouble");
    if (!trouble || !source(event)?.matches?.("#pad form")) return;
    const notice = document.createElement("p");
    notice.className = "notice bad";
    const { foreign } = event.detail.error;
    const why = foreign ? `Something else answers for Grandstand (${foreign})` : "No connection";
    notice.textContent = ofScore(event)
      ? `${why}: the score is not saved yet. It is sent again by itself.`
      : `${why}: perhaps it was not saved. Try again; nothing is saved twice.`;
    trouble.replaceChildren(notice);
  });

  // ------------------------------------------------------------------ forms

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches(".pad-score") && window.htmx) {
      event.preventDefault();
      if (step(form, event.submitter)) save();
    } else if ("once" in form.dataset) {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "yes";
      // Whoever stops the browser, which tells no page, can send it again.
      setTimeout(() => delete form.dataset.sent, ONCE_MS);
    }
  });
  // Back: the browser may have kept the page as it was left.
  window.addEventListener("pageshow", () => {
    all("[data-sent]").forEach((form) => delete form.dataset.sent);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(".pad-number") && window.htmx) save();
  });

  document.addEventListener("input", ({ target }) => {
    if (target.dataset.side) tellTiebreak();
  });

  function tellTiebreak() {
    const output = find("#tiebreak-verdict");
    const sides = all("[data-side]").map((input) => ({ name: input.dataset.side, score: input.value.trim() }));
    const [high, low] = sides.sort((a, b) => Number(b.score) - Number(a.score));
    const decided = sides.every((side) => /^\d+$/.test(side.score)) && Number(high.score) > Number(low.score);
    output.textContent = decided
      ? `${high.name} beat ${low.name} ${high.score}–${low.score} in the tie-break, after ${output.dataset.after}.`
      : "";
  }

  // A moment is typed by the clock on the wall here; `zone` says how far that is behind UTC on that day.
  function tellZone({ target }) {
    if (target.type !== "datetime-local") return;
    const at = target.value ? new Date(target.value) : new Date();
    target.form.elements.zone.value = at.getTimezoneOffset();
  }
  document.addEventListener("input", tellZone);

  function tellMoments() {
    for (const zone of all("[data-zone]")) zone.textContent = "your time";
    for (const field of all('[type="datetime-local"]')) {
      const at = field.dataset.moment && new Date(field.dataset.moment);
      delete field.dataset.moment;
      // to the field's own form: the local time without a zone
      if (at) field.defaultValue = new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
      tellZone({ target: field });
    }
  }
  tellMoments();

  document.addEventListener("click", async (event) => {
    const { target } = event;
    if (scoring.sending && target.closest?.(".pad-confirm > summary")) {
      event.preventDefault();
      scoring.confirm = true;
    }
    const refresh = target.closest?.("[data-refresh]");
    if (refresh) {
      const part = find(refresh.dataset.refresh);
      all("form", part).forEach((form) => form.reset());
      all("[data-refused]", part).forEach((form) => delete form.dataset.refused);
      htmx.trigger(part, "refresh");
    }
    const copy = target.closest?.("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(new URL(copy.dataset.copy, location.href).href);
      copy.textContent = "Copied";
    }
  });
  if (navigator.clipboard) all("[data-copy]").forEach((button) => button.removeAttribute("hidden"));
})();
