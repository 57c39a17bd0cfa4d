// The treatment at work: when each line was ticked after it was shown; forms that are put away.
"use strict";

(() => {
  const shown = new WeakMap();
  const note = () => {
    for (const form of document.querySelectorAll(".read-out")) if (!shown.has(form)) shown.set(form, performance.now());
  };
  document.addEventListener("htmx:after:swap", note);
  note();

  document.addEventListener("change", (event) => {
    const tick = event.target;
    const form = tick.dataset?.tick && tick.closest(".read-out");
    if (!form) return;
    const place = form.querySelector(`[name="${CSS.escape(tick.dataset.tick)}"]`);
    place.value = tick.checked ? ((performance.now() - shown.get(form)) / 1000).toFixed(1) : "";
  });

  const putAway = (form) => {
    const card = form.closest("[data-offer], [data-answered]");
    form.replaceChildren();
    form.removeAttribute("data-in-hand");
    form.removeAttribute("aria-labelledby");
    card?.querySelector("form[action$='/acceptance'] button")?.focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#do [data-read-close]");
    if (!link) return;
    event.preventDefault();
    putAway(link.closest(".read-out"));
  });
  // What the customer sees lies over the page: Escape closes it, and the focus is back where it was.
  const opened = () => {
    const view = document.querySelector("dialog.portal-view");
    if (!view || view.matches(":modal") || !document.querySelector("main.columns")) return;
    view.removeAttribute("open"); // closing it would say so, later
    view.showModal();
    view.querySelector("[data-portal-close]").focus();
    view.addEventListener("close", () => {
      const place = document.createElement("div");
      place.id = view.id;
      view.replaceWith(place);
      document.querySelector("[data-portal]")?.focus();
    }, { once: true });
  };
  document.addEventListener("htmx:after:swap", opened);
  document.addEventListener("click", (event) => {
    const view = event.target.closest?.("[data-portal-close]") && document.querySelector("dialog.portal-view:modal");
    if (!view) return;
    event.preventDefault();
    view.close();
  });

  document.addEventListener("keydown", (event) => {
    const form = event.key === "Escape" && document.activeElement?.closest?.("#do .read-out");
    if (form) putAway(form);
  });
})();
