/* Finding a name in a long list: whatever its case and accents, any part of it. A field with data-filter leaves of the
   list that it names only the lines that hold what is typed; short lists do not have one. */
"use strict";
const finding = (() => {
  const LONG = 16; // lines from which on a list is no longer taken in at a glance
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();
  const holds = (text, typed) => fold(typed).split(/\s+/).every((word) => fold(text).includes(word));

  function filter(field) {
    const { input, list } = field;
    const lines = [...document.querySelectorAll(`${list} .work > li`)];
    field.box.hidden = lines.length < LONG;
    const typed = field.box.hidden ? "" : input.value;
    for (const line of lines) line.hidden = !holds(line.textContent, typed);
    for (const details of document.querySelectorAll(`${list} details.work-more`)) {
      details.hidden = !details.querySelector("li:not([hidden])");
      if (typed && !details.hidden) details.open = true;
    }
    const shown = lines.filter((line) => !line.hidden).length;
    const words = typed.trim() ? (shown ? `${shown} of ${lines.length}` : "Nothing here holds that.") : "";
    if (field.said.textContent !== words) field.said.textContent = words;
  }

  for (const box of document.querySelectorAll("[data-filter]")) {
    const field = { box, list: box.dataset.filter, input: box.querySelector("input"), said: box.querySelector("[role=status]") };
    filter(field);
    field.input.addEventListener("input", () => filter(field));
    field.input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !field.input.value) return;
      field.input.value = "";
      filter(field);
    });
    document.addEventListener("htmx:after:swap", () => filter(field));
    window.addEventListener("pageshow", () => filter(field)); // Back: the browser puts back what was typed
  }

  return { LONG, holds };
})();
