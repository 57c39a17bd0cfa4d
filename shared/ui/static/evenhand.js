// What plain HTML cannot do: "/" to the search, menus that close, words when the connection is gone. All else works without.
"use strict";

(() => {
  // Sentences in the page's language, by their English; none where the page is English.
  const sentences = JSON.parse(document.querySelector("meta[name=sentences]")?.content || "{}");
  const said = (english) => sentences[english] || english;

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    const single = document.documentElement.dataset.keys !== "off" && !document.querySelector("dialog[open]");
    if (single && event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
      const search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.drop[open]")) {
        const inside = menu.contains(document.activeElement);
        menu.open = false;
        if (inside) menu.querySelector("summary").focus();
      }
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.drop[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // What opens below the edge of its column is brought into view.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.drop[open]")) {
      (event.target.querySelector(".drop-body") || event.target).scrollIntoView({ block: "nearest" });
    }
  }, true);

  // A page that came back from the browser's memory may show what is no longer so.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  // The second click of a double click is none: by then another button may stand in the same place.
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest?.("button, .button")) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  // A form is sent once; the server would refuse a second answer, but nobody should have to read that.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[hx-post], [hx-get]") || event.defaultPrevented) return;
    // What opens beside the page leaves the form to be sent.
    if (event.submitter?.formTarget === "_blank") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    window.setTimeout(() => delete form.dataset.sent, 4000);
  });

  const say = (title, text) => {
    const place = document.getElementById("notice");
    const pattern = document.getElementById("notice-pattern");
    if (!place || !pattern) return;
    const notice = pattern.content.cloneNode(true);
    notice.querySelector("strong").textContent = title;
    notice.querySelector("p").textContent = text;
    place.replaceChildren(notice);
    place.scrollIntoView({ block: "nearest" });
  };

  // What is only read is asked for twice: networks hiccup, and a page that is being left takes its questions with it.
  const AGAIN = 400;
  const patient = async (address, options) => {
    try {
      return await window.fetch(address, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      await new Promise((done) => window.setTimeout(done, AGAIN));
      return window.fetch(address, options);
    }
  };
  // What a page asks by itself nobody waits for: without a connection it stays as it is, and the line's own state says why.
  const quiet = async (address, options) => {
    try {
      return await window.fetch(address, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return new Response(null, { status: 204 });
    }
  };
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement.matches("[data-by-itself]")) ctx.fetch = quiet;
    else if (ctx.request.method === "GET") ctx.fetch = patient;
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx?.response) return;
    const wrote = event.detail.ctx && event.detail.ctx.request.method !== "GET";
    say(said("No connection"), wrote ? said("What you just did was not saved. Check the connection and try again.") : said("This part could not be fetched. Check the connection and try again."));
  });

  // What was swapped in says what happened: the reader is taken there, by eye and by screen reader.
  document.addEventListener("htmx:after:swap", () => {
    const target = document.querySelector("[data-focus]");
    if (target) {
      target.removeAttribute("data-focus");
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: "nearest" });
    }
  });
  document.querySelector("[data-focus]")?.focus();
})();
