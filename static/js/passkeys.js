// Passkeys: a form with data-passkey asks the browser for a key (create) or for its use (get) with the options in
// data-options, and sends the answer in its field `credential`. Without passkeys in the browser the form stays hidden.
"use strict";
(() => {
  const forms = document.querySelectorAll("form[data-passkey]");
  const able = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON;
  for (const node of document.querySelectorAll("[data-passkey-missing]")) node.hidden = Boolean(able);
  if (!able) return;

  async function ask(form) {
    const options = JSON.parse(form.dataset.options);
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  }

  for (const form of forms) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      const answer = form.elements.credential;
      if (answer.value) return;
      event.preventDefault();
      const fault = form.querySelector("[data-passkey-fault]");
      fault.textContent = "";
      try {
        answer.value = JSON.stringify((await ask(form)).toJSON());
      } catch (refused) {
        fault.textContent = refused.name === "InvalidStateError"
          ? "This device has a passkey of yours already."
          : "No passkey was used: it was cancelled, or there is none on this device.";
        return;
      }
      form.requestSubmit(event.submitter);
    });
  }
})();
