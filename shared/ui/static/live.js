// How a page stays as things are: it hears the names of what changed, and fetches the panels that show it.
// A panel says `data-live="offers moment"` (which names), has an id, and is fetched from `data-from` or its `hx-get`.
"use strict";

(() => {
  // Sentences in the page's language, by their English; none where the page is English.
  const sentences = JSON.parse(document.querySelector("meta[name=sentences]")?.content || "{}");
  const said = (english) => sentences[english] || english;
  const NAMES = ["offers", "moment", "timeline", "profile", "interaction", "online", "mine", "agents", "parity", "wall", "inbox", "presence", "notes", "word", "alerts", "catalogue", "duplicates", "return"];
  const GATHER = 40, MARKED = 4000, HAND = 250, GRACE = 3500, SILENT = 100000, TIRED = 3000;
  const body = document.body;
  const wait = (ms) => new Promise((done) => window.setTimeout(done, ms));

  // What a person reads in a panel and what its forms would send; not what passes: words after an act, the clock, tokens;
  // nor the parts that were fetched into it and hear for themselves.
  const PASSING = "[data-fleeting], [data-held], [data-told], [data-clock], [data-kept], [data-part], [name=csrf_token]";
  const print = (panel) => {
    const copy = panel.cloneNode(true);
    for (const passing of copy.querySelectorAll(PASSING)) passing.remove();
    const sent = [...copy.querySelectorAll("input[type=hidden], form")].map((part) => part.value ?? part.getAttribute("action"));
    return copy.textContent.replace(/\s+/g, " ") + sent.join(" ");
  };

  const dirty = (field) => field.type !== "hidden" && (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
    : field.matches("select") ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
    : field.value !== field.defaultValue);
  const FIELDS = "input, select, textarea";
  // Whether somebody is in the middle of something here: nothing may then move under their hand.
  const handOn = (panel) => {
    const focus = panel.contains(document.activeElement) && document.activeElement !== panel ? document.activeElement : null;
    return Boolean(focus?.matches(FIELDS) || (focus?.matches("button, a, summary") && focus.matches(":focus-visible") && !focus.closest("[data-held]"))
      || panel.matches(":active") || panel.matches("[data-longer]")
      || panel.querySelector("details.drop[open], [data-in-hand]")
      // What was typed came back refused, and stands there as the form's own values.
      || panel.querySelector(".error-summary, .wrong-text")
      || [...panel.querySelectorAll(FIELDS)].some(dirty));
  };

  // --- panels ---------------------------------------------------------------------------------------------------------

  const fetched = async (panel, peeking) => {
    const from = panel.dataset.from || panel.getAttribute("hx-get");
    const headers = { "HX-Request": "true", "X-Live": "yes", "HX-Current-URL": window.location.href, ...(peeking ? { Purpose: "prefetch" } : {}) };
    const answer = await fetch(from, { headers });
    if (answer.status === 401) line.gone();
    if (!answer.ok) throw new Error(`${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.getElementById(panel.id) || Promise.reject(new Error("no such panel"));
  };

  // What this very page has sent is answered first: then the panel often shows the change already.
  const answered = async (id) => {
    for (let tries = 0; tries < 100; tries += 1) {
      const panel = document.getElementById(id);
      if (!panel?.matches(".htmx-request") && !panel?.querySelector(".htmx-request, form[data-sent]")) return panel;
      await wait(50);
    }
    return document.getElementById(id);
  };

  // Nothing moves on a page that nobody looks at: what came meanwhile is fetched when somebody does again.
  const looked = () => new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

  const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

  // While a panel is held, a card that was answered elsewhere says so at once: nobody should press a button in vain.
  const tellCards = (panel, fresh) => {
    for (const card of panel.querySelectorAll("[data-offer]")) {
      const id = CSS.escape(card.dataset.offer);
      if (fresh.querySelector(`[data-offer="${id}"]`) || card.querySelector("[data-told]")) continue;
      const told = clone("told-pattern");
      const answer = fresh.querySelector(`[data-answered="${id}"] [data-answer]`);
      const instead = card.dataset.treatment && fresh.querySelector(`[data-offer][data-treatment="${CSS.escape(card.dataset.treatment)}"] .offer-title`);
      const words = answer?.textContent.trim() || (instead && `${said("The terms are others now:")} ${instead.textContent.trim()}.`);
      const next = !instead && fresh.querySelector("[data-offer] .offer-title");
      if (words) told.querySelector("p").textContent = words;
      if (next && panel.id === "do") told.querySelector("p").append(` Recommended next: ${next.textContent.trim()}.`);
      const why = panel.querySelector("[data-held] .held-why");
      why.textContent = `${card.querySelector(".offer-title")?.textContent.trim() ?? ""}: ${told.querySelector("p").textContent}`;
      why.hidden = false;
      (card.querySelector(".offer-body") || card).append(told);
    }
  };

  const hold = (panel) => {
    if (panel.querySelector("[data-held]")) return;
    const held = clone("held-pattern");
    held.querySelector("button").addEventListener("click", () => show(panel, true));
    panel.prepend(held); // it floats at the top and takes no room: nothing below it moves
    announce(said("Something changed here."));
  };

  const announce = (text) => {
    const place = document.getElementById("announcer");
    if (place && place.textContent !== text) place.textContent = text;
    window.clearTimeout(announce.timer);
    announce.timer = window.setTimeout(() => place?.replaceChildren(), 5000);
  };

  const name = (details) => details.querySelector("summary").textContent.trim();
  const PARTS = ".event, article.offer, .next, .lines > li, .needs > li, .moment-now, .warning, .outcome, .services > li";

  const replace = async (panel, fresh, answer) => {
    for (const wanted of fresh.querySelectorAll("[data-focus]")) wanted.removeAttribute("data-focus");
    const inside = answer || panel.contains(document.activeElement);
    const open = new Map([...panel.querySelectorAll("details[open]:not(.drop)")].map((fold) => [name(fold), fold]));
    for (const fold of fresh.querySelectorAll("details:not(.drop)")) {
      const was = open.get(name(fold));
      if (!was) continue;
      fold.setAttribute("open", "");
      // What was fetched into it stands until it is fetched anew.
      const had = was.matches("[hx-get]") && was.querySelector("[data-fetched]");
      if (had) fold.querySelector("[data-fetched]").replaceChildren(...[...had.children].map((child) => child.cloneNode(true)));
    }
    // What was opened in place stays open.
    for (const kept of panel.querySelectorAll("[data-kept][id]")) {
      if (kept.childElementCount) fresh.querySelector(`#${CSS.escape(kept.id)}`)?.replaceChildren(...[...kept.children].map((child) => child.cloneNode(true)));
    }
    // Words after an act stay until the next one: each part of a panel has a place for its own.
    for (const words of panel.querySelectorAll("[data-fleeting]")) {
      const place = [...fresh.querySelectorAll("[data-fleeting]")].find((one) => one.dataset.fleeting === words.dataset.fleeting);
      if (place && !place.childElementCount) place.replaceChildren(...[...words.children].map((child) => child.cloneNode(true)));
    }
    const typed = [...panel.querySelectorAll(FIELDS)].filter((field) => field.name && dirty(field))
      .map((field) => [field.form?.getAttribute("action"), field.name, field.type, field.value, field.checked]);
    const before = new Set([...panel.querySelectorAll(PARTS)].map((part) => part.textContent.replace(/\s+/g, " ")));
    const scrolled = panel.scrollTop, id = panel.id;
    await htmx.swap({ sourceElement: panel, target: panel, text: fresh.outerHTML, swap: "outerHTML" });
    const shown = document.getElementById(id);
    shown.scrollTop = scrolled;
    for (const fold of shown.querySelectorAll("details[open][hx-get]")) htmx.trigger(fold, "toggle");
    for (const [action, field, type, value, checked] of typed) {
      for (const other of shown.querySelectorAll(`[name="${CSS.escape(field)}"]`)) {
        if (other.form?.getAttribute("action") !== action) continue;
        if (type === "radio" || type === "checkbox") { if (other.value === value) other.checked = checked; } else other.value = value;
      }
    }
    mark(shown, before);
    announce(shown.dataset.announce || said("This page was updated."));
    if (inside && !shown.contains(document.activeElement)) (shown.querySelector("[data-fleeting] [tabindex]") || shown).focus({ preventScroll: true });
  };

  const mark = (panel, before) => {
    const parts = [...panel.querySelectorAll(PARTS)].filter((part) => !before.has(part.textContent.replace(/\s+/g, " ")));
    const inner = parts.filter((part) => !parts.some((other) => other !== part && part.contains(other)));
    for (const part of inner.length ? inner : [panel]) {
      part.classList.add("changed");
      window.setTimeout(() => part.classList.remove("changed"), MARKED);
    }
  };

  // What was fetched while this very page sent or received an act may be of before it, and come after it.
  let acts = 0;
  for (const stage of ["htmx:before:request", "htmx:after:request"]) {
    document.addEventListener(stage, (event) => { if (event.detail.ctx?.request.method !== "GET") acts += 1; });
  }

  const busy = new Map(); // id → whether it is to be looked at again
  const tired = new Map(); // id → when it could not be fetched
  const show = async (panel, asked = false) => {
    const id = panel.id;
    if (busy.has(id)) return void busy.set(id, true);
    busy.set(id, false);
    try {
      panel = await answered(id);
      if (!panel) return;
      const held = !asked && handOn(panel);
      let fresh, before, unseen;
      do {
        before = acts;
        fresh = await fetched(panel, held);
        unseen = document.hidden;
        if (unseen) await looked();
        panel = await answered(id);
        if (!panel) return;
      } while (acts !== before || unseen);
      if (print(panel) === print(fresh)) {
        panel.querySelector("[data-held]")?.remove();
      } else if (!asked && (held || handOn(panel))) {
        hold(panel);
        if (fresh) tellCards(panel, fresh);
      } else {
        await replace(panel, fresh, asked);
      }
    } catch {
      tired.set(id, Date.now());
      // Nobody answered, or not well: the line says so, and all is fetched again when it is back.
    } finally {
      const again = busy.get(id);
      busy.delete(id);
      if (again && document.getElementById(id)) show(document.getElementById(id));
    }
  };

  // As soon as the hand is off, what was held is shown.
  window.setInterval(() => {
    if (document.hidden) return;
    for (const held of document.querySelectorAll("[data-live] [data-held]")) {
      const panel = held.closest("[data-live]");
      if (!handOn(panel) && Date.now() - (tired.get(panel.id) || 0) > TIRED) show(panel);
    }
  }, HAND);
  document.addEventListener("htmx:before:request", (event) => {
    event.target.closest?.(".earlier")?.closest("[data-live]")?.setAttribute("data-longer", "");
  });

  // --- names ----------------------------------------------------------------------------------------------------------

  const heard = new Map();
  const gather = async (event, subject) => {
    const first = heard.size === 0;
    heard.set(`${event} ${subject ?? ""}`, [event, subject]);
    if (!first) return;
    await wait(GATHER); // one act often changes several things
    const all = [...heard.values()];
    heard.clear();
    for (const [one, about] of all) body.dispatchEvent(new CustomEvent(`live:${one}`, { bubbles: true, detail: { subject: about } }));
    const names = new Set(all.map(([one]) => one));
    for (const panel of document.querySelectorAll("[data-live]")) {
      if (names.has("return") || panel.dataset.live.split(" ").some((one) => names.has(one))) show(panel);
    }
  };

  // --- the line -------------------------------------------------------------------------------------------------------

  const line = {
    source: null, last: null, doubt: 0, again: 0, silent: 0, over: false,

    open() {
      if (line.over || line.source || document.hidden) return;
      window.clearTimeout(line.again);
      const where = new URL(body.dataset.stream, window.location.href);
      if (line.last !== null) where.searchParams.set("after", line.last);
      const source = line.source = new EventSource(where);
      source.addEventListener("hello", () => line.on());
      source.addEventListener("gone", () => line.gone());
      source.addEventListener("again", (event) => {
        if (source !== line.source) return;
        line.last = event.lastEventId;
        line.later(0);
      });
      for (const one of ["hello", ...NAMES]) {
        source.addEventListener(one, (event) => {
          if (source !== line.source || document.hidden) return;
          if (event.lastEventId) line.last = event.lastEventId;
          if (one !== "hello") gather(one, JSON.parse(event.data).subject);
        });
      }
      source.addEventListener("error", () => {
        if (source !== line.source) return;
        line.lost(GRACE);
        if (source.readyState === EventSource.CLOSED) line.later(2000 + 3000 * Math.random());
      });
      line.lost(GRACE);
    },

    close() {
      line.source?.close();
      line.source = null;
      window.clearTimeout(line.silent);
    },

    later(pause) {
      line.close();
      window.clearTimeout(line.again);
      line.again = window.setTimeout(line.open, pause);
    },

    on() {
      window.clearTimeout(line.doubt);
      line.doubt = 0;
      line.say("on", said("Live"));
      window.clearTimeout(line.silent);
      line.silent = window.setTimeout(() => line.later(0), SILENT);
    },

    // A stream ends each minute and is opened again: only a pause longer than that is worth a word.
    lost(grace) {
      if (!line.doubt) line.doubt = window.setTimeout(() => line.say("off", said("Connection lost, trying again…")), grace);
    },

    gone() {
      line.over = true;
      line.close();
      window.clearTimeout(line.doubt);
      line.say("off", said("You were signed out. Reload the page."));
    },

    say(state, text) {
      for (const place of document.querySelectorAll("[data-line]")) {
        place.hidden = false;
        place.dataset.line = state;
        const words = place.querySelector("[data-line-text]");
        if (words.textContent !== text) words.textContent = text;
      }
    },
  };

  if (body.dataset.stream && window.EventSource) {
    line.open();
    document.addEventListener("visibilitychange", () => (document.hidden ? line.close() : line.open()));
    window.addEventListener("pagehide", line.close);
    window.addEventListener("offline", () => { line.close(); window.clearTimeout(line.again); line.doubt = 0; line.lost(0); });
    window.addEventListener("online", () => line.later(0));
  }
})();
