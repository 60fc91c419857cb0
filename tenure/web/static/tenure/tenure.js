// The little the pages need beyond htmx: keys, palette, drawer, copying, menus, times that age.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (node) => node.closest?.("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]");

  // --- Palette: Ctrl/Cmd-K or "/" anywhere. ---------------------------------------------------
  const palette = one("#palette");
  const openPalette = () => {
    if (!palette || palette.open) return;
    palette.showModal();
    const input = one("input", palette);
    input.value = "";
    input.focus();
    input.dispatchEvent(new Event("palette"));
  };
  const movePalette = (step) => {
    const links = all(".found a", palette);
    if (!links.length) return;
    const at = links.findIndex((link) => link.classList.contains("is-on"));
    const next = (at + step + links.length) % links.length;
    links.forEach((link, index) => mark(link, index === next));
    links[next].scrollIntoView({ block: "nearest" });
    one("input", palette).setAttribute("aria-activedescendant", links[next].id);
  };
  const mark = (link, on) => {
    link.classList.toggle("is-on", on);
    link.setAttribute("aria-selected", String(on));
  };
  palette?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      movePalette(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      palette.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      (one(".found a.is-on", palette) ?? one(".found a", palette))?.click();
    }
  });

  // --- Rows: j and k move, Enter opens. -------------------------------------------------------
  const rows = () => all("[data-rows] [data-row]");
  const moveRow = (step) => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row.classList.contains("is-on"));
    const next = list[Math.min(list.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : list.length - 1) : at + step))];
    list.forEach((row) => row.classList.toggle("is-on", row === next));
    const link = one("a", next);
    link?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  // What "e" edits: the value in focus, else the first one of the row, head or tab it is in.
  const editable = () => {
    const at = document.activeElement;
    if (at?.matches("[data-edit]")) return at;
    const around = at?.closest("td, tr, .who-head") ?? one("[data-row].is-on");
    return (around && one("[data-edit]", around)) ?? null;
  };

  // A task or a note: in its form on this page, or on the page of the row's account.
  const write = (what) => {
    if (one("[data-inbox]")) return; // there the alert's own
    const form = one(`[data-new='${what}']`);
    if (form) { form.open = true; one("input:not([type='hidden']), textarea", form)?.focus(); return; }
    const account = (inRow("a[href^='/accounts/']")?.getAttribute("href") ?? location.pathname).match(/^\/accounts\/(\d+)\//);
    if (account) location.assign(`/accounts/${account[1]}/follow-up/?new=${what}`);
  };

  // What keys do to the row that j and k chose, or the one something in is in focus.
  const inRow = (what) => one(what, one("[data-row].is-on") ?? document.activeElement.closest("[data-row]") ?? document.createElement("i"));

  // --- The keyboard grammar. ------------------------------------------------------------------
  const GO = { t: "today", a: "accounts", h: "health", b: "billing", y: "sync", s: "segments", e: "settings", l: "alerts", d: "tasks" };
  let going = 0;
  const keys = {
    "/": () => { const box = one("[data-filter]"); box ? (box.focus(), box.select()) : openPalette(); },
    "?": () => one("#help")?.showModal(),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "[": () => one("[data-key='previous']")?.click(),
    "]": () => one("[data-key='next']")?.click(),
    g: () => { going = Date.now(); },
    e: () => editable()?.click(),
    x: () => inRow("[data-pick]")?.click(),
    t: () => write("task"),
    n: () => write("note"),
    J: () => inRow("[data-move='down']")?.click(),
    K: () => inRow("[data-move='up']")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "z") {
      // In a field it is the browser's own undo, of what is being typed.
      if (typing(event.target) || one("dialog:modal") || !document.body.dataset.undo) return;
      event.preventDefault();
      htmx.ajax("POST", document.body.dataset.undo, { swap: "none" });
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || one("dialog:modal")) return;
    if (event.key === "Escape") { closeMenus(); if (typing(event.target)) event.target.blur(); return; }
    if (typing(event.target)) return;
    if (going && Date.now() - going < 1200 && GO[event.key]) {
      going = 0;
      one(`.rail [data-go='${GO[event.key]}']`)?.click();
      return;
    }
    going = 0;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  // --- Clicks: copy, dialogs, menus, whole rows. ----------------------------------------------
  const closeMenus = (except) => all("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    say(`Copied ${button.dataset.copy}`);
    setTimeout(() => button.classList.remove("copied"), 1500);
  };
  const say = (words) => { const region = one("#announcer"); if (region) region.textContent = words; };
  document.addEventListener("click", (event) => {
    const target = event.target;
    closeMenus(target.closest("details.menu"));
    const button = target.closest("[data-copy]");
    if (button) { copy(button); return; }
    const opener = target.closest("[data-open]");
    if (opener) { event.preventDefault(); opener.dataset.open === "palette" ? openPalette() : one(`#${opener.dataset.open}`)?.showModal(); return; }
    const closer = target.closest("[data-close]");
    if (closer) { closer.closest("dialog, .toast")?.[closer.closest("dialog") ? "close" : "remove"](); return; }
    // A click beside the popover leaves it, but never takes what somebody has typed.
    if (target.matches("dialog")) { if (target !== editor || !dirty()) target.close(); return; }
    const row = target.closest("[data-row]");
    if (row && !target.closest("a, button, summary, input, label, [data-tip]") && !getSelection().toString()) one("a", row)?.click();
  });
  document.addEventListener("change", (event) => {
    const shown = event.target.dataset.reveals;
    if (shown) all(shown).forEach((node) => { node.hidden = !event.target.checked; });
  });
  // --- Picking rows: each, the page's, or all that match. -----------------------------------------
  const count = () => {
    const boxes = all("[data-pick]"), picked = boxes.filter((box) => box.checked).length;
    const whole = one("[data-pick-all]"), matching = one("[data-pick-matching]");
    if (!whole) return;
    whole.checked = picked > 0 && picked === boxes.length;
    whole.indeterminate = picked > 0 && picked < boxes.length;
    const told = matching?.checked ? "All that match" : picked.toLocaleString("en");
    all("[data-picked]").forEach((node) => { if (node.textContent !== told) node.textContent = told; });
  };
  const pickAll = (on) => {
    all("[data-pick]").forEach((box) => { box.checked = on; });
    const matching = one("[data-pick-matching]");
    if (matching && !on) matching.checked = false;
    count();
  };
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-pick-all]")) pickAll(box.checked);
    if (box.matches("[data-pick]") && !box.checked) { const m = one("[data-pick-matching]"); if (m) m.checked = false; }
    if (box.matches("[data-pick], [data-pick-matching]")) count();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-pick-none]")) pickAll(false); });
  addEventListener("pageshow", count);
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // --- A form that takes its time says so, and is sent once. ----------------------------------
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("button[data-busy]");
    if (!button || event.defaultPrevented) return;
    button.dataset.words = button.textContent;
    button.textContent = button.dataset.busy;
    setTimeout(() => { button.disabled = true; });
    say(button.dataset.busy);
  });
  addEventListener("pageshow", () => all("button[data-words]").forEach((button) => {
    button.disabled = false;
    button.textContent = button.dataset.words;
  }));

  // --- Good news goes away by itself, unless somebody is looking at it. ------------------------
  const fade = (toast) => {
    if (toast.dataset.fades) return;
    toast.dataset.fades = "yes";
    let left = setTimeout(() => toast.remove(), one(".undo", toast) ? 20000 : 9000);
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(left));
    toast.addEventListener("pointerleave", () => { left = setTimeout(() => toast.remove(), 3000); });
  };
  all(".toast").forEach(fade);

  // --- Editing a value: a popover beside it; what changed is drawn again where it stands. --------
  const editor = one("#editor");
  let opener = null;
  const beside = () => {
    if (matchMedia("(max-width: 48rem)").matches) { editor.style.left = editor.style.top = ""; return; }
    const at = (opener?.isConnected ? opener : document.body).getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left - 12), innerWidth - editor.offsetWidth - 16);
    const below = at.bottom + 6, above = at.top - editor.offsetHeight - 6;
    const top = below + editor.offsetHeight < innerHeight - 8 || above < 8 ? below : above;
    editor.style.left = `${left}px`;
    editor.style.top = `${Math.max(8, Math.min(top, innerHeight - editor.offsetHeight - 8))}px`;
  };
  const dirty = () => all("input:not([type='hidden']), textarea, select", editor).some((input) =>
    input.type === "radio" ? input.checked !== input.defaultChecked
      : input.options ? [...input.options].some((o) => o.selected !== o.defaultSelected && (o.defaultSelected || input.value))
        : input.value !== input.defaultValue);
  document.addEventListener("htmx:beforeRequest", (event) => { if (event.target.matches?.("[data-edit]")) opener = event.target; });
  const showEditor = () => {
    if (!editor.open) editor.showModal();
    beside();
    const input = one("[autofocus]", editor) ?? one("input:not([type='hidden']), textarea, select", editor);
    const wrong = one("[aria-invalid='true']", editor);
    (wrong ?? input)?.focus();
    if (!wrong && input?.select && input.type !== "radio") input.select();
  };
  addEventListener("resize", () => { if (editor?.open) beside(); });
  const saved = () => {
    if (editor?.open) editor.close();
    const drawer = one("#drawer[open]");
    if (drawer) drawer.close();
    all(".toast").forEach(fade);
    redraw();
  };
  // Fetches the page's living parts again; what was in focus and how far it was scrolled stay.
  const redraw = () => all("[data-live]").forEach((part) => {
    const scrolled = all(".table-wrap", part).map((box) => [box.scrollLeft, box.scrollTop]);
    const picked = new Set(all("[data-pick]:checked", part).map((box) => box.value));
    const on = all("[data-row]", part).findIndex((row) => row.classList.contains("is-on"));
    const id = `#${part.id}`;
    htmx.ajax("GET", location.href, { target: id, select: id, swap: "outerHTML" }).then(() => {
      all(".table-wrap", one(id)).forEach((box, index) => { [box.scrollLeft, box.scrollTop] = scrolled[index] ?? [0, 0]; });
      all("[data-pick]", one(id)).forEach((box) => { box.checked = picked.has(box.value); });
      if (on >= 0) all("[data-row]", one(id))[on]?.classList.add("is-on");
      count();
    });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.detail.xhr.getResponseHeader("HX-Trigger")?.includes("saved")) setTimeout(saved);
  });
  // In a text of several lines Enter makes a line; with Ctrl or Cmd it saves.
  editor?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); one("form", editor)?.requestSubmit(one(".actions .primary", editor)); }
  });

  // --- A session that ended while the page stayed open: the door as a page, not inside a table. --
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/login/") {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });

  // --- Details slide in from the side; the address they came from works on its own too. --------
  document.addEventListener("htmx:afterSwap", (event) => {
    const drawer = event.target.closest?.("dialog.drawer");
    if (drawer && !drawer.open) drawer.showModal();
    if (event.target.id === "editor-content" && event.target.childElementCount) showEditor();
    age();
  });
  // Not before htmx has settled: until then it puts back the attributes of links it knew.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.closest?.("#palette")) all(".found a", palette).forEach((link, index) => mark(link, index === 0));
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401 || event.detail.xhr.status === 403) location.reload();
    else say("That did not work: the server answered with an error. Reload the page to try again.");
  });

  // --- The tab one is on may lie outside a narrow screen. --------------------------------------
  const tab = one(".tabs [aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

  // --- Times grow older while the page stays open. --------------------------------------------
  const started = Date.now();
  const serverStart = Date.parse(document.body?.dataset.now ?? "") || started;
  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
  const words = (seconds) => {
    for (const [size, unit] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
    return "just now";
  };
  const age = () => all("time[data-ages]").forEach((node) => {
    const gone = (serverStart + (Date.now() - started) - Date.parse(node.dateTime)) / 1000;
    if (gone >= 0 && gone < 30 * 86400) node.textContent = words(gone);
  });
  setInterval(age, 30000);
})();
