// The working day beyond plain HTML: what burns moves up as time passes; the wrap-up is confirmed by one key.
"use strict";

(() => {
  const $ = (selector) => document.querySelector(selector);

  // Time alone makes things late: the list is fetched each minute, unless a hand is on it.
  window.setInterval(() => {
    const inbox = $("#inbox");
    if (inbox && !document.hidden && !inbox.contains(document.activeElement)) window.htmx?.trigger(inbox, "minute");
  }, 60000);

  // The page says that it is open, and where one types; what is left is said too.
  const BEAT = 25000, TYPED = 15000, KEEP = 600;
  const here = () => document.getElementById("here");
  let typedAt = 0, known = "";
  const beat = (values = {}) => {
    const form = here();
    if (!form || document.hidden) return;
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    window.htmx?.trigger(form, "beat");
  };
  window.setInterval(() => beat(), BEAT);
  document.addEventListener("visibilitychange", () => beat());
  window.addEventListener("pagehide", () => {
    const form = here();
    if (!form) return;
    const body = new FormData(form);
    body.set("leave", "yes");
    navigator.sendBeacon(form.action, body);
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("#write textarea") || Date.now() - typedAt < TYPED) return;
    typedAt = Date.now();
    // Of whom one knows already one is told quietly.
    const writer = document.getElementById("writing")?.dataset.writer ?? "";
    beat({ typing: "yes", knowing: writer && writer === known ? "yes" : "" });
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-go-on]")) return;
    known = document.getElementById("writing").dataset.writer;
    typedAt = Date.now();
    beat({ typing: "yes", knowing: "yes" });
    document.querySelector("#write textarea")?.focus();
  });

  // Alt X closes the tab of the case at hand.
  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.code !== "KeyX") return;
    const button = $("[data-close-tab]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  // The wrap-up is kept as it stands when the page is left in the middle of a word.
  let touched = false, finished = false;
  let pause = 0;
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("section.sheet form");
    if (!form) return;
    touched = true;
    window.clearTimeout(pause);
    pause = window.setTimeout(() => {
      const keeps = form.isConnected && !form.matches(".htmx-request") && form.querySelector(".keeps");
      if (keeps) window.htmx?.trigger(keeps, "keep");
    }, KEEP);
  });
  document.addEventListener("submit", (event) => { finished ||= Boolean(event.target.closest?.("section.sheet")); });
  document.addEventListener("htmx:after:request", (event) => {
    if (event.target.matches?.(".keeps") && event.detail.ctx?.response?.status === 200) touched = false;
    if (event.target.matches?.("section.sheet form")) finished = false;
  });
  window.addEventListener("pagehide", () => {
    const keeps = $("section.sheet .keeps");
    if (!keeps || !touched || finished || $("#wrap-draft[data-conflict]")) return;
    navigator.sendBeacon(keeps.dataset.keeps, new FormData(keeps.closest("form")));
  });

  // Ctrl or Cmd with Enter sends what is being filled in: the wrap-up as it stands, an answer, a note.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const sheet = $("section.sheet:not([hidden]) form");
    const form = sheet || event.target.closest?.("form#write");
    const button = form?.querySelector(".button.primary");
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
})();
