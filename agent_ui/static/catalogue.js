// A text's field grows with its lines, the numbers beside it keep up, and a problem leads to its line. All works without.
"use strict";

(() => {
  const text = document.querySelector("[data-editor]"), gutter = document.querySelector("[data-gutter]");
  if (!text || !gutter) return;

  const fit = () => {
    const lines = text.value.split("\n").length;
    text.rows = lines;
    while (gutter.children.length > lines) gutter.lastElementChild.remove();
    while (gutter.children.length < lines) {
      const line = document.createElement("li");
      line.id = `L${gutter.children.length + 1}`;
      gutter.append(line);
    }
  };
  text.addEventListener("input", fit);
  fit();

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-to-line]");
    if (!link) return;
    const lines = text.value.split("\n"), number = Number(link.dataset.toLine) - 1;
    // The browser's own way there would take the focus from the text again.
    event.preventDefault();
    gutter.children[number]?.scrollIntoView();
    const start = lines.slice(0, number).join("\n").length + (number ? 1 : 0);
    text.focus({ preventScroll: true });
    text.setSelectionRange(start, start + (lines[number] ?? "").length);
  });

  // Nobody leaves a changed text by mistake.
  let sent = false;
  text.form.addEventListener("submit", () => { sent = true; });
  window.addEventListener("beforeunload", (event) => {
    if (!sent && text.value !== text.defaultValue) event.preventDefault();
  });
})();
