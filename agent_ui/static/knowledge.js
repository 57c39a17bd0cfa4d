// An article goes into the reply where the cursor stands; without scripting it is put after what was written.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  const text = document.querySelector("form#write textarea");
  if (!button || !text) return;
  event.preventDefault();
  const words = document.getElementById(button.dataset.insert).content.textContent.trim();
  const before = text.value.slice(0, text.selectionStart);
  const after = text.value.slice(text.selectionEnd);
  const gap = (side, edge) => (side && !edge.test(side) ? "\n\n" : "");
  text.setRangeText(gap(before, /\n\n$/) + words + gap(after, /^\n\n/), text.selectionStart, text.selectionEnd, "end");
  text.focus();
  // As if it had been typed: the draft is kept.
  text.dispatchEvent(new Event("input", { bubbles: true }));
});
