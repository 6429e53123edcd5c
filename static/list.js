/* The list of participants in a form: counted while it is typed, filled from a file that is chosen or dropped on it,
   and measured before it is sent. How it is read is the server's to say. */
"use strict";
(() => {
  const textarea = () => document.getElementById("participants");
  const say = (text) => (document.getElementById("participants-said").textContent = text);
  const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  function count() {
    const field = textarea();
    if (!field) return;
    const lines = field.value.split(/[\n\r\v\f\x85\u2028\u2029]+/).filter((line) => /[^\s,;]/.test(line));
    const byes = lines.filter((line) => /^[\s\ufeff]*bye[\s,;]*$/i.test(line)).length;
    document.getElementById("participants-count").textContent =
      many(lines.length - byes, "participant") + (byes ? `, ${many(byes, "bye")}` : "");
  }

  /* The text of a file, and how it was written: UTF-8 nearly always, else as Excel on Windows does. */
  function decode(bytes) {
    const [first, second] = bytes;
    if ((first === 0xff && second === 0xfe) || (first && second === 0)) return [new TextDecoder("utf-16le"), "UTF-16"];
    if ((first === 0xfe && second === 0xff) || (first === 0 && second)) return [new TextDecoder("utf-16be"), "UTF-16"];
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return [new TextDecoder("utf-8"), "UTF-8"];
    } catch {
      return [new TextDecoder("windows-1252"), "Windows-1252"];
    }
  }

  async function take(file) {
    const field = textarea();
    if (file.size > Number(field.form.dataset.bytesMax)) {
      say(`“${file.name}” is too large for a list of participants. Nothing was changed.`);
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    if ((bytes[0] === 0x50 && bytes[1] === 0x4b) || bytes[0] === 0xd0) {
      say(`“${file.name}” is in a spreadsheet's own format. Save it as CSV, or copy its cells and paste them here.`);
      return;
    }
    const [decoder, encoding] = decode(bytes);
    const text = decoder.decode(bytes).trimEnd();
    const before = field.value.trimEnd();
    field.focus();
    field.setSelectionRange(before.length, field.value.length);
    // As if it were typed, so that the browser can undo it. What stood there stays.
    if (!document.execCommand("insertText", false, before ? `\n${text}` : text)) {
      field.value = before ? `${before}\n${text}` : text;
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
    say(`“${file.name}” stands ${before ? "below what was there" : "in the list"}, read as ${encoding}. Nothing is saved yet.`);
  }

  function tooLarge(form) {
    const bytes = new Blob([new URLSearchParams(new FormData(form))]).size;
    return bytes > Number(form.dataset.bytesMax);
  }

  // Before staff.js marks the form as sent.
  document.addEventListener(
    "submit",
    (event) => {
      if (!("bytesMax" in event.target.dataset) || !tooLarge(event.target)) return;
      event.preventDefault();
      event.stopPropagation();
      say("This list is too large to be sent. A draw holds at most 1,024 lines: is there more in it than names and seeds?");
      textarea().focus();
    },
    true,
  );
  document.addEventListener("input", ({ target }) => target === textarea() && count());
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "participants-file" || !target.files.length) return;
    take(target.files[0]);
    target.value = ""; // the same file may be chosen again
  });
  document.addEventListener("dragover", (event) => {
    if (event.target === textarea() && event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (event.target !== textarea() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  // Back: the browser puts back what had been typed.
  window.addEventListener("pageshow", count);
})();
