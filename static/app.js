// What a plain page cannot do by itself. Everything else works without this file.
// Hooks: data-copy, data-remask, data-hide, data-close, data-rules/data-rule, data-chips.
"use strict";

const page = document.documentElement;
page.classList.add("js");

const byId = (id) => document.getElementById(id);
const dialog = byId("dialog");

// The server shows times in the zone that this cookie names.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`time_zone=${zone}`)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

// Notes in the corner

function note(text, isError) {
  const toast = document.createElement("div");
  toast.className = isError ? "toast error" : "toast success";
  toast.setAttribute("role", isError ? "alert" : "status");
  toast.textContent = text;
  byId("toasts").append(toast);
}

function tidyToasts() {
  for (const toast of document.querySelectorAll("#toasts .toast:not([data-timed])")) {
    toast.dataset.timed = "";
    toast.addEventListener("click", () => toast.remove());
    if (!toast.classList.contains("error")) setTimeout(() => toast.remove(), 6000);
  }
}
new MutationObserver(tidyToasts).observe(byId("toasts"), { childList: true });
tidyToasts();

// Dialogs: what arrives in #dialog is shown, and nothing of it stays once it is closed.

function shut() {
  if (dialog.open) dialog.close();
  dialog.replaceChildren();
}

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target === dialog && !dialog.open) dialog.showModal();
  const wrong = target.parentElement?.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
  prepare(document);
});
dialog.addEventListener("close", () => dialog.replaceChildren());
document.body.addEventListener("htmx:sendError", () => note(document.body.dataset.offline, true));

// Values: off the page after a while, on leaving, and whenever nobody is looking.

function mask() {
  for (const shown of document.querySelectorAll("[data-remask]")) {
    if (shown.closest("dialog")) shut();
    else if (shown.closest(".slot")) shown.remove();
    else {
      shown.replaceChildren();
      location.replace(document.querySelector(".crumbs a").href);
    }
  }
}

document.addEventListener("visibilitychange", () => document.hidden && mask());
window.addEventListener("pagehide", mask);
window.addEventListener("pageshow", (event) => event.persisted && location.reload());

// Copying: the value goes from the answer to the clipboard and is never put on the page.

async function fetchValue(url) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token, "HX-Request": "true" },
    body: new URLSearchParams({ purpose: "copy" }),
    cache: "no-store",
  });
  const redirect = answer.headers.get("HX-Redirect");
  if (redirect) {
    location.assign(redirect);
    throw new Error("");
  }
  const text = await answer.text();
  if (answer.ok) return text;
  const toast = new DOMParser().parseFromString(text, "text/html").querySelector(".toast");
  throw new Error((toast || { textContent: text }).textContent.trim());
}

async function copy(button) {
  button.disabled = true;
  let refusal = document.body.dataset.copyFailed;
  const value = fetchValue(button.dataset.copy).catch((error) => {
    refusal = error instanceof TypeError ? document.body.dataset.offline : error.message;
    throw error;
  });
  try {
    // Safari lets a click reach the clipboard only through a promise that is handed over at once.
    const text = value.then((found) => new Blob([found], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
    note(document.body.dataset.copied, false);
  } catch {
    if (refusal) note(refusal, true);
  } finally {
    button.disabled = false;
  }
}

// Rules of a name, ticked as it is typed

function checkRules(input) {
  for (const rule of byId(input.dataset.rules).querySelectorAll("[data-rule]")) {
    const holds = new RegExp(rule.dataset.rule).test(input.value);
    rule.classList.toggle("kept", input.value !== "" && holds);
    rule.classList.toggle("broken", input.value !== "" && !holds);
  }
}

// Ids as chips: the field below still holds the plain text that is sent.

function makeChips(input) {
  const box = document.createElement("div");
  const entry = document.createElement("input");
  box.className = "chips";
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (input.hasAttribute(name)) entry.setAttribute(name, input.getAttribute(name));
  }
  entry.id = input.id;
  input.removeAttribute("id");
  input.type = "hidden";
  let ids = [];

  const draw = () => {
    input.value = ids.join(", ");
    box.replaceChildren(
      ...ids.map((id) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip mono";
        chip.textContent = `${id} ×`;
        chip.setAttribute("aria-label", `${input.dataset.remove} ${id}`);
        chip.addEventListener("click", () => {
          ids = ids.filter((other) => other !== id);
          draw();
          entry.focus();
        });
        return chip;
      }),
      entry,
    );
  };
  const take = () => {
    const typed = entry.value.split(/[\s,、]+/).filter(Boolean);
    entry.value = "";
    ids = [...new Set([...ids, ...typed])];
    draw();
  };
  entry.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === ",") && entry.value.trim()) {
      event.preventDefault();
      take();
      entry.focus();
    } else if (event.key === "Backspace" && !entry.value && ids.length) {
      ids.pop();
      draw();
      entry.focus();
    }
  });
  entry.addEventListener("change", take);
  input.after(box);
  entry.value = input.value;
  take();
}

// Wiring

function prepare(root) {
  for (const input of root.querySelectorAll("[data-chips]:not([type=hidden])")) makeChips(input);
  for (const input of root.querySelectorAll("[data-rules]")) checkRules(input);
  for (const shown of root.querySelectorAll("[data-remask]:not([data-counting])")) {
    shown.dataset.counting = "";
    setTimeout(() => shown.isConnected && mask(), Number(shown.dataset.remask) * 1000);
  }
}
prepare(document);

document.addEventListener("input", (event) => {
  if (event.target.dataset.rules) checkRules(event.target);
});

document.addEventListener("click", (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  const hider = event.target.closest("[data-hide]");
  if (hider && hider.closest("dialog, .slot")) {
    event.preventDefault();
    mask();
  }
  if (event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    shut();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
