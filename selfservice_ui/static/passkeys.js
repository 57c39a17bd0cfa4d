/* A form with data-passkey asks the browser for a passkey first, and sends what it answers. */
(() => {
  "use strict";

  // Sentences in the page's language, by their English; none where the page is English.
  const sentences = JSON.parse(document.querySelector("meta[name=sentences]")?.content || "{}");
  const said = (english) => sentences[english] || english;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const ask = async (kind, options) => {
    options.challenge = bytes(options.challenge);
    if (kind === "create") {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = known(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = known(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  };

  const plain = (made) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} });
  };

  const why = (failure) => {
    if (failure.name === "InvalidStateError") return said("This device has a passkey of yours already.");
    if (failure.name === "SecurityError") return said("Passkeys don't work at this address.");
    return said("Nothing was done. Try again, or choose another way.");
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const wrong = form.querySelector("[data-passkey-wrong]");
    const say = (words) => { wrong.textContent = words; wrong.hidden = !words; };
    if (!window.PublicKeyCredential) {
      say(said("This browser knows no passkeys."));
      form.querySelector("button").disabled = true;
      continue;
    }
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      say("");
      try {
        form.elements.answer.value = plain(await ask(form.dataset.passkey, JSON.parse(form.dataset.options)));
        form.submit();
      } catch (failure) {
        say(why(failure));
      }
    });
  }
})();
