// The command bar: customers and work from the server, pages and acts from the page's own links and buttons. None is doubled here.
"use strict";

(() => {
  const bar = document.getElementById("bar");
  if (!bar) return;
  const PAUSE = 120, MOST = 6;
  const input = bar.querySelector("#bar-query"), list = bar.querySelector("#bar-list"), state = bar.querySelector("#bar-state");
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const places = [".brand", ".me .drop-body a[href]"];
  let answered = null, timer = 0, asking = null, chosen = null;
  let customers = [];

  for (const mark of document.querySelectorAll("[data-command]")) mark.textContent = mac ? "⌘" : "Ctrl";
  const opener = document.querySelector("[data-bar-open]");
  if (opener) opener.hidden = false;

  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const words = (text) => fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const fits = (label, wanted) => wanted.every((word) => words(label).some((one) => one.startsWith(word)));

  // --- what this page has of itself ---------------------------------------------------------------------------------

  const label = (element) => (element.dataset.act || element.getAttribute("aria-label") || element.textContent).replace(/\s+/g, " ").trim();
  const usable = (element) => !element.disabled && !element.closest("[hidden], dialog");
  const groups = () => [
    ["acts", "On this page", [...document.querySelectorAll("[data-act]")].filter(usable).map((one) => [label(one), one])],
    ["tabs", "My contacts", [...document.querySelectorAll("#rail .rail-tab")].map((one) => [one.querySelector(".rail-name").textContent.trim(), one])],
    ["pages", "Pages", [...document.querySelectorAll(places.join(", "))].map((one) => [one.matches(".brand") ? "Home" : label(one), one])],
  ];
  const own = () => {
    const wanted = words(input.value);
    return groups().flatMap(([key, head, all]) => {
      const some = all.filter(([name]) => fits(name, wanted)).slice(0, wanted.length || key === "acts" ? MOST : 2 * MOST);
      return some.length ? [grouped(key, head, some)] : [];
    });
  };
  const grouped = (key, head, some) => {
    const group = document.createElement("div"), title = document.createElement("p");
    title.className = "bar-head";
    title.id = `bar-head-${key}`;
    title.textContent = head;
    title.setAttribute("role", "presentation");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", title.id);
    group.append(title, ...some.map(([name, target], nth) => {
      const option = document.createElement("div");
      option.className = "bar-one";
      option.id = `bar-${key}-${nth + 1}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.textContent = name;
      option.target = target;
      return option;
    }));
    return group;
  };

  // --- the list -----------------------------------------------------------------------------------------------------

  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (option) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    chosen = option || null;
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  // `moved`: the reader chose by hand; what they chose stays chosen when more comes.
  let moved = false;
  const draw = () => {
    const before = moved ? chosen : null;
    const typed = input.value.trim() !== "";
    list.replaceChildren(...(typed ? [...own(), ...customers] : [...customers, ...own()]));
    const same = before && options().find((one) => one.id === before.id && one.textContent === before.textContent);
    input.setAttribute("aria-expanded", String(options().length > 0));
    choose(same || options()[0]);
  };
  const say = (text, bad = false) => {
    state.classList.toggle("wrong-text", bad);
    if (state.textContent !== text) state.textContent = text;
  };
  const counted = (cut) => {
    const many = options().length;
    if (cut) say("Looking further would take too long. Type more of the name.");
    else if (many) say(`${many} ${many === 1 ? "result" : "results"}`);
    else say(input.value.trim().length < 2 ? "Go on typing." : `Nothing fits “${input.value.trim()}”.`);
  };

  // --- asking -------------------------------------------------------------------------------------------------------

  const ask = async () => {
    const query = input.value;
    asking?.abort();
    const mine = asking = new AbortController();
    const body = new FormData(bar.querySelector("form"));
    try {
      const answer = await fetch(bar.dataset.from, { method: "POST", body, signal: mine.signal, headers: { "HX-Request": "true" } });
      if (answer.status === 401 || answer.redirected) return say("You are signed out. Reload the page to sign in again.", true);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const text = await answer.text();
      if (mine !== asking || query !== input.value || !bar.open) return; // an older question's answer
      const found = new DOMParser().parseFromString(text, "text/html").getElementById("bar-found");
      if (!found) return say("You are signed out. Reload the page to sign in again.", true);
      customers = [...found.children];
      answered = query;
      draw();
      counted(found.hasAttribute("data-cut"));
    } catch (failure) {
      if (failure.name === "AbortError" || mine !== asking) return;
      customers = [];
      draw();
      say("No connection: customers cannot be searched just now. Pages and acts of this page can be chosen.", true);
    }
  };
  const typed = () => {
    window.clearTimeout(timer);
    asking?.abort();
    asking = null;
    moved = false;
    if (bar.dataset.from) timer = window.setTimeout(ask, input.value.trim() ? PAUSE : 0);
    else answered = input.value;
    draw();
    if (!bar.dataset.from) counted(false);
  };

  // --- opening and closing ------------------------------------------------------------------------------------------

  const open = () => {
    if (bar.open || document.querySelector("dialog[open]")) return;
    for (const menu of document.querySelectorAll("details.drop[open]")) menu.open = false;
    input.value = "";
    customers = [];
    answered = null;
    say("");
    bar.showModal();
    input.focus();
    typed();
  };
  const take = (option) => {
    const { target } = option;
    if (option.href) return void window.location.assign(option.href);
    bar.close();
    if (!target?.isConnected) return;
    if (target.matches("summary")) {
      target.closest("details").open = true;
      target.scrollIntoView({ block: "nearest" });
      (target.parentElement.querySelector("input:not([type=hidden]), select, textarea, button") || target).focus();
      return;
    }
    target.click();
  };
  bar.addEventListener("close", () => {
    window.clearTimeout(timer);
    asking?.abort();
    asking = null;
    list.replaceChildren();
    choose(null);
  });
  document.addEventListener("keydown", (event) => {
    const command = (event.ctrlKey !== event.metaKey) && !event.altKey && !event.shiftKey;
    if (command && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (bar.open) bar.close();
      else open();
    }
  });
  opener?.addEventListener("click", open);
  input.addEventListener("input", typed);
  bar.querySelector("[data-bar-close]").addEventListener("click", () => bar.close());
  bar.addEventListener("click", (event) => {
    if (event.target === bar) bar.close(); // beside it
    const option = event.target.closest("[role=option]");
    if (option && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      take(option);
    }
  });
  bar.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options(), at = all.indexOf(chosen);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moved = true;
      if (all.length) choose(all[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" && event.target === input) {
      // A customer who was found for fewer letters is not who is meant now: the search says who is.
      const stale = chosen?.href && answered !== input.value;
      if (chosen && !stale) {
        event.preventDefault();
        take(chosen);
      } else if (!input.value.trim() || !bar.dataset.from) {
        event.preventDefault();
      }
    } else if (event.key === "Tab") {
      // The browser keeps the focus off the page behind; this keeps it off the browser's own bars too.
      const stops = [input, bar.querySelector("[data-bar-close]")];
      event.preventDefault();
      stops[(stops.indexOf(document.activeElement) + 1) % stops.length].focus();
    }
  });
})();
