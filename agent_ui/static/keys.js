// Single keys, in the style of the field: j and k, r, g and a letter, ?. "/" is everywhere's (evenhand.js). Who does not want them
// switches them off in the help; that is kept in this browser, for this member of staff.
"use strict";

(() => {
  const help = document.getElementById("keys");
  if (!help) return;
  const ITEMS = "main .people > li, main .event, main [data-case], main [data-item]";
  const WAIT = 1200;
  const kept = `keys:${document.getElementById("bar")?.dataset.staff ?? ""}`;
  const switched = help.querySelector("[data-keys-switch]");
  const root = document.documentElement;
  const seen = (element) => element.getClientRects().length > 0;

  const set = (on) => {
    root.dataset.keys = on ? "on" : "off";
    switched.checked = on;
    help.querySelector("[data-single]").classList.toggle("off", !on);
  };
  let stored = null;
  try { stored = window.localStorage.getItem(kept); } catch { /* a browser that keeps nothing: they are on */ }
  set(stored !== "off");
  switched.addEventListener("change", () => {
    set(switched.checked);
    try { window.localStorage.setItem(kept, switched.checked ? "on" : "off"); } catch { /* for this page then */ }
  });

  // g and the first letter of a page's name; the first page of a letter has it.
  const places = () => {
    const found = new Map([["h", [document.querySelector(".brand"), "Home"]]]);
    for (const link of document.querySelectorAll(".me .drop-body a[href]")) {
      const name = link.textContent.trim(), letter = name[0]?.toLowerCase();
      if (letter && !found.has(letter)) found.set(letter, [link, name]);
    }
    return found;
  };

  const drawHelp = () => {
    for (const line of help.querySelectorAll("[data-needs]")) line.hidden = ![...document.querySelectorAll(line.dataset.needs)].some((one) => seen(one) || one.matches("dialog"));
    const line = (letter, name) => {
      const [box, keys, what] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      for (const key of ["G", letter.toUpperCase()]) {
        const mark = document.createElement("kbd");
        mark.textContent = key;
        keys.append(mark, " ");
      }
      what.textContent = name;
      box.append(keys, what);
      return box;
    };
    help.querySelector("[data-places]").replaceChildren(...[...places()].map(([letter, [, name]]) => line(letter, name)));
  };
  help.addEventListener("toggle", () => { if (help.open) drawHelp(); });
  drawHelp();

  // A screen reader's own key is held with its letters: those are not for us.
  let reader = false;
  document.addEventListener("keydown", (event) => { if (event.key === "Insert") reader = true; }, true);
  document.addEventListener("keyup", (event) => { if (event.key === "Insert") reader = false; }, true);
  window.addEventListener("blur", () => { reader = false; });

  const step = (by) => {
    const items = [...document.querySelectorAll(ITEMS)].filter(seen);
    if (!items.length) return false;
    const at = items.findIndex((one) => one.contains(document.activeElement));
    const item = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.max(0, Math.min(items.length - 1, at + by))];
    let target = item.querySelector("a[href], summary, button");
    if (!target) {
      item.tabIndex = -1;
      target = item;
    }
    target.focus();
    item.scrollIntoView({ block: "nearest" });
    return true;
  };
  const reply = () => {
    const box = document.querySelector("[data-reply]");
    if (!box) return false;
    const fold = box.closest("details");
    if (fold) fold.open = true;
    box.focus();
    return true;
  };
  const press = (selector) => {
    const element = document.querySelector(selector);
    element?.click();
    return Boolean(element);
  };
  const ask = () => {
    help.open = !help.open;
    help.querySelector("summary").focus();
    return true;
  };

  let going = 0;
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], [role=combobox], [role=textbox]");
  document.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey || reader || event.getModifierState("CapsLock");
    if (root.dataset.keys === "off" || event.defaultPrevented || event.isComposing || event.repeat && event.key === "g") return;
    if (modified || typing(event.target) || document.querySelector("dialog[open]")) return;
    let done = false;
    if (going && Date.now() - going < WAIT && /^[a-z]$/.test(event.key)) {
      const place = places().get(event.key);
      going = 0;
      if (place) {
        place[0].click();
        done = true;
      }
    } else {
      going = event.key === "g" ? Date.now() : 0;
      if (event.key === "j") done = step(1);
      else if (event.key === "k") done = step(-1);
      else if (event.key === "r") done = reply();
      else if (event.key === "v") done = press("[data-portal]");
      else if (event.key === "m") done = press("[data-way]");
      else if (event.key === "?") done = ask();
    }
    if (done) event.preventDefault();
  });
})();
