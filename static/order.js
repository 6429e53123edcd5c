/* The order of a draft's list: rows are dragged by their handle or moved by the arrow keys, and numbered anew. Without
   this script the numbers are typed. */
"use strict";
(() => {
  const EDGE = 64; // px from the edge of the window within which it scrolls along
  const rowsOf = (list) => [...list.children];
  const numberOf = (row) => row.querySelector("input");
  const seeded = (list) => rowsOf(list).filter((row) => numberOf(row).value.trim() !== "").length;
  let dragged = null;

  /* As many rows have a seed as before, and one more or less if it was moved across their end. */
  function renumber(list, row, before, had) {
    const at = rowsOf(list).indexOf(row);
    const all = list.dataset.order === "given";
    const upTo = all ? list.children.length : had ? (at >= before ? before - 1 : before) : at <= before ? before + 1 : before;
    rowsOf(list).forEach((each, index) => (numberOf(each).value = index < upTo ? index + 1 : ""));
    const number = numberOf(row).value;
    const name = row.querySelector(".order-name").textContent.trim();
    const said = number ? `${name} is now ${all ? "on line" : "seed"} ${number}` : `${name} has no seed now`;
    list.parentElement.querySelector("[role=status]").textContent = `${said}. Save the order when it is right.`;
  }

  function move(row, to) {
    const list = row.parentElement;
    const rows = rowsOf(list);
    const at = Math.max(0, Math.min(rows.length - 1, to));
    const from = rows.indexOf(row);
    if (at === from) return;
    const [before, had] = [seeded(list), numberOf(row).value.trim() !== ""];
    list.insertBefore(row, at > from ? rows[at].nextSibling : rows[at]);
    renumber(list, row, before, had);
  }

  /* A number that is typed moves its row there, as if it had been dragged. */
  document.addEventListener("focusin", ({ target }) => {
    if (target.closest?.(".order") && target.matches("input")) target.dataset.was = target.value;
  });
  document.addEventListener("change", ({ target }) => {
    const list = target.closest?.(".order");
    if (!list || !target.matches("input")) return;
    const row = target.closest("li");
    const typed = target.value.trim();
    if (typed && !/^[1-9]\d*$/.test(typed)) return; // the server says what is wrong
    const had = (target.dataset.was ?? "") !== "";
    const before = seeded(list) - (typed ? 1 : 0) + (had ? 1 : 0);
    const end = list.dataset.order === "given" ? list.children.length : before + (had ? 0 : 1);
    const to = typed ? Math.min(Number(typed), end) - 1 : list.children.length - 1;
    const others = rowsOf(list).filter((each) => each !== row);
    list.insertBefore(row, others[to] ?? null);
    renumber(list, row, before, had);
    target.dataset.was = target.value;
  });

  document.addEventListener("keydown", (event) => {
    const handle = event.target.closest?.(".order-handle");
    if (!handle) return;
    const row = handle.closest("li");
    const at = rowsOf(row.parentElement).indexOf(row);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: Infinity, PageUp: at - 10, PageDown: at + 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(row, to);
    handle.focus();
  });

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".order-handle");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    const row = handle.closest("li");
    const list = row.parentElement;
    dragged = { row, list, handle, before: seeded(list), had: numberOf(row).value.trim() !== "", moved: false };
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    row.classList.add("dragged");
  });

  document.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const { row, list } = dragged;
    const over = rowsOf(list).find((each) => each !== row && event.clientY < each.getBoundingClientRect().bottom
      && event.clientY > each.getBoundingClientRect().top);
    if (over) {
      const { top, height } = over.getBoundingClientRect();
      list.insertBefore(row, event.clientY < top + height / 2 ? over : over.nextSibling);
      dragged.moved = true;
    }
    if (event.clientY < EDGE) scrollBy(0, -12);
    else if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
  });

  function drop() {
    if (!dragged) return;
    const { row, list, before, had, moved } = dragged;
    row.classList.remove("dragged");
    dragged = null;
    if (moved) renumber(list, row, before, had);
  }
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
})();
