// A case beyond plain HTML: the button says what it will do, and a draft is kept when the page is left in the middle of a word.
"use strict";

(() => {
  // What the button will do follows from what is being written.
  const name = () => {
    const form = document.querySelector("form#write");
    const button = form?.querySelector("[data-answer]");
    if (button) button.textContent = form.querySelector("[name=kind]:checked")?.value === "note" ? button.dataset.note : button.dataset.answer;
  };
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("#write [name=kind]")) return;
    name();
    window.htmx?.trigger(document.querySelector("#write textarea"), "input");
  });
  name();

  let sent = false;
  document.addEventListener("submit", (event) => { sent ||= event.target.id === "write"; });
  // What is on its way to be kept: whoever leaves before they hear of it goes on from there.
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches?.("#write textarea")) event.target.dataset.saving = event.target.value;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const text = event.target.matches?.("#write textarea") && event.target;
    if (!text) return;
    if (event.detail.ctx?.response?.status === 200) text.dataset.kept = text.dataset.saving ?? text.value;
    delete text.dataset.saving;
  });
  window.addEventListener("pagehide", () => {
    const form = document.querySelector("form#write[data-draft]");
    const text = form?.querySelector("textarea");
    if (!text || sent || text.value === (text.dataset.kept ?? text.defaultValue)) return;
    const body = new FormData(form);
    body.set("quiet", "yes");
    if (text.dataset.saving !== undefined) body.set("saving", text.dataset.saving);
    navigator.sendBeacon(form.dataset.draft, body);
  });
})();
