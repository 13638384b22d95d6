// Passkeys: asks the browser for one, and sends what it says with the form around the button.
//   <form method="post" data-passkey="create|get" [data-options="id of a JSON script" | data-options-from="address"]>
//     <input type="hidden" name="credential"> … <button data-passkey-start hidden>…</button> <p data-passkey-said role="alert"></p>

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function options(publicKey) {
  const asked = structuredClone(publicKey);
  asked.challenge = bytes(asked.challenge);
  if (asked.user) asked.user.id = bytes(asked.user.id);
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    for (const each of asked[list] ?? []) each.id = bytes(each.id);
  }
  return asked;
}

function plain(credential) {
  const said = credential.response;
  const response = { clientDataJSON: text(said.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (said[part]) response[part] = text(said[part]);
  }
  if (said.getTransports) response.transports = said.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

async function asked(form) {
  if (form.dataset.optionsFrom) {
    const answer = await fetch(form.dataset.optionsFrom, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return (await answer.json()).request_options.publicKey;
  }
  const given = JSON.parse(document.getElementById(form.dataset.options).textContent);
  return (given.creation_options ?? given.request_options).publicKey;
}

async function start(form) {
  const publicKey = options(await asked(form));
  if (form.dataset.passkey === "get") return navigator.credentials.get({ publicKey });
  // A passkey that signs in by itself has to be found without a name being typed, and to ask for PIN or finger.
  const alone = form.elements.passwordless?.checked ?? false;
  publicKey.authenticatorSelection.residentKey = alone ? "required" : "discouraged";
  publicKey.authenticatorSelection.requireResidentKey = alone;
  if (alone) publicKey.authenticatorSelection.userVerification = "required";
  return navigator.credentials.create({ publicKey });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-start]");
  const said = form.querySelector("[data-passkey-said]");
  if (!window.PublicKeyCredential || !button) continue;
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    said.textContent = "";
    try {
      form.elements.credential.value = JSON.stringify(plain(await start(form)));
      form.submit();
    } catch {
      said.textContent = said.dataset.passkeySaid;
    }
  });
}
