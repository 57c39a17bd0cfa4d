// What the desk needs beyond plain HTML: running clocks, the pop of a call, keys, results under a search, notes kept as one types.
"use strict";

(() => {
  const $ = (selector) => document.querySelector(selector);
  const field = (element) => element?.matches?.("textarea, select, input:not([type=hidden]):not([type=checkbox]):not([type=radio])");

  // Clocks. The server says how long it has been; its clock and ours need not agree.
  const began = new WeakMap();
  const two = (number) => String(number).padStart(2, "0");
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-clock]:not([data-clock=''])")) {
      if (!began.has(clock)) began.set(clock, Date.now() - 1000 * Number(clock.dataset.clock));
      const seconds = Math.floor((Date.now() - began.get(clock)) / 1000);
      const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
      const text = hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
      if (clock.textContent !== text) clock.textContent = text;
    }
    for (const time of document.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      time.textContent = `${two(at.getHours())}:${two(at.getMinutes())}`;
      time.removeAttribute("data-local");
    }
  };
  window.setInterval(tick, 1000);

  // An entry of the timeline opens in place, and closes by the same link.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".event-open[aria-expanded=true]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    document.getElementById(link.getAttribute("aria-controls"))?.replaceChildren();
    link.setAttribute("aria-expanded", "false");
  }, true);
  document.addEventListener("htmx:after:swap", () => {
    for (const link of document.querySelectorAll(".event-open")) {
      const place = document.getElementById(link.getAttribute("aria-controls"));
      link.setAttribute("aria-expanded", String(Boolean(place?.childElementCount)));
    }
  });

  // The pop: a call opens its page, once, unless the agent is in the middle of something; then a bar says so.
  let typed = 0;
  document.addEventListener("input", () => { typed = Date.now(); });
  const busy = () => {
    const active = document.activeElement;
    const inField = field(active) && (active.tagName === "SELECT" || active.value !== "" || Date.now() - typed < 5000);
    return inField || Boolean($("details.drop[open], section.sheet:not([hidden]), dialog[open]")) || Boolean($(".notes [data-conflict]"));
  };
  const told = () => JSON.parse(window.sessionStorage.getItem("calls") || "[]");
  const remember = (call) => window.sessionStorage.setItem("calls", JSON.stringify([...told(), call].slice(-50)));
  let offered = null;
  const pop = () => {
    const bar = $("#call-bar");
    const calls = [...document.querySelectorAll("#rail [data-pop]")];
    if (offered && !calls.some((tab) => tab.dataset.pop === offered)) {
      offered = null;
      bar.hidden = true;
    }
    const tab = calls.find((one) => !told().includes(one.dataset.pop));
    if (!tab) return;
    remember(tab.dataset.pop);
    if (tab.pathname === window.location.pathname) return;
    if (!busy()) {
      window.location.assign(tab.href);
      return;
    }
    offered = tab.dataset.pop;
    bar.querySelector("[data-caller]").textContent = tab.dataset.caller;
    bar.querySelector("a").href = tab.href;
    bar.hidden = false;
  };

  // A page in the background hears nothing; it only says now and then that it is still open, and its agent at work.
  window.setInterval(() => {
    const rail = document.hidden && $("#rail");
    if (rail) window.fetch(rail.dataset.from, { headers: { "HX-Request": "true", "X-Live": "yes" } }).catch(() => {});
  }, 120000);

  // Keys. By the key's place, since Alt changes its letter on some keyboards.
  const go = (event, element, act = "click") => {
    if (!element) return;
    event.preventDefault();
    element[act]();
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      if (/^Digit[1-9]$/.test(event.code)) go(event, document.querySelectorAll("#rail .rail-tab")[Number(event.code[5]) - 1]);
      if (event.code === "KeyO") go(event, $("#call-bar:not([hidden]) a"));
      if (event.code === "KeyN") go(event, $("#notes-text"), "focus");
      if (event.code === "KeyW") go(event, $("[data-wrap-up]"));
    } else if (event.key === "Escape" && $("section.sheet[data-over]:not([hidden])") && !$("details.drop[open]")) {
      put_away();
    }
  });

  // The wrap-up is put away as it stands: what was typed there is there again.
  const put_away = () => {
    const sheet = $("section.sheet[data-over]");
    if (!sheet) return;
    sheet.hidden = true;
    $("[data-wrap-up]")?.focus();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("section.sheet[data-over] [data-sheet-close]")) {
      event.preventDefault();
      put_away();
    }
  });
  document.addEventListener("input", (event) => event.target.closest?.("section.sheet")?.setAttribute("data-typed", ""));
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.target;
    if (source.matches?.("[data-wrap-up]")) {
      const sheet = $("section.sheet[data-typed]");
      if (!sheet) return;
      event.preventDefault();
      sheet.hidden = false;
      sheet.querySelector("select, textarea").focus();
    }
    if (source.matches?.("[data-notes]")) keepNotes(event, source);
  });

  // Notes are saved as they stand when it is their turn, upon what was last saved; not by themselves while two texts wait.
  const dirty = () => {
    const text = $("#notes-text");
    return Boolean(text) && text.value !== (text.dataset.saved ?? text.defaultValue);
  };
  const keepNotes = (event, form) => {
    const { request } = event.detail.ctx;
    if (form.querySelector("[data-conflict]") && !request.submitter) {
      event.preventDefault();
      return;
    }
    const text = form.querySelector("textarea");
    request.body.set("notes", text.value);
    request.body.set("seen", form.querySelector("[name=seen]").value);
    text.dataset.sent = text.value;
  };
  document.addEventListener("htmx:after:request", (event) => {
    const text = event.target.matches?.("[data-notes]") && event.target.querySelector("textarea");
    if (text && event.detail.ctx.response.status === 200) text.dataset.saved = text.dataset.sent;
  });
  window.addEventListener("pagehide", () => {
    const form = $("form[data-notes]");
    if (!form || !dirty() || form.querySelector("[data-conflict]")) return;
    const body = new FormData(form);
    body.set("quiet", "yes");
    navigator.sendBeacon(form.action, body);
  });
  window.addEventListener("beforeunload", (event) => {
    if ($(".notes [data-conflict]")) event.preventDefault();
  });

  // Results under a search: arrows move, Enter opens, Escape closes.
  const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
  const optionsOf = (input) => [...(listOf(input)?.querySelectorAll("[role=option]") || [])];
  const choose = (input, option) => {
    for (const one of optionsOf(input)) one.setAttribute("aria-selected", String(one === option));
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  const show = (input, open) => {
    const list = listOf(input);
    if (!list) return;
    list.hidden = !open || !list.firstElementChild;
    input.setAttribute("aria-expanded", String(!list.hidden && optionsOf(input).length > 0));
    choose(input, null);
  };
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!input.matches?.("[data-suggest]")) return;
    const list = listOf(input);
    const options = optionsOf(input);
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      event.preventDefault();
      if (list.hidden) show(input, true);
      const next = at < 0 ? (event.key === "ArrowDown" ? 0 : options.length - 1) : at + (event.key === "ArrowDown" ? 1 : -1);
      choose(input, options[next] || null);
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      go(event, options[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(input, false);
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const input of document.querySelectorAll("[data-suggest]")) {
      if (input !== event.target && !listOf(input)?.contains(event.target)) show(input, false);
    }
    if (event.target.matches?.("[data-suggest]") && event.target.value) show(event.target, true);
  });
  document.addEventListener("click", (event) => {
    for (const input of document.querySelectorAll("[data-suggest]")) {
      if (input !== event.target && !listOf(input)?.contains(event.target)) show(input, false);
    }
  });

  // Asked for once: a second answer would take away what was typed into the field that the first one brought.
  const asked = { contact: null, at: 0 };
  const askForNotes = (notes, contact) => {
    if (asked.contact === contact && Date.now() - asked.at < 3000) return;
    Object.assign(asked, { contact, at: Date.now() });
    window.htmx?.trigger(notes, "notes:anew");
  };

  const swapped = () => {
    tick();
    for (const input of document.querySelectorAll("[data-suggest]")) {
      const open = document.activeElement === input && Boolean(listOf(input)?.firstElementChild);
      if (listOf(input)?.hidden !== !open || input.getAttribute("aria-expanded") !== String(open)) show(input, open);
    }
    // Notes belong to the contact: with another one comes another field, unless something unsaved stands in this one.
    const [contact, notes] = [$("#contact"), $("#notes")];
    if (contact && notes && contact.dataset.contact !== notes.dataset.contact && !dirty()) {
      askForNotes(notes, contact.dataset.contact);
    }
    const sheet = $("section#wrap-up");
    if (sheet && sheet.parentElement.matches("main.columns")) sheet.dataset.over = "";
    pop();
  };
  document.addEventListener("htmx:after:swap", swapped);
  swapped();
})();
