// The rule input: completion from the data, the check while one types, faults underlined at their place.
"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const headers = () => ({ ...JSON.parse(document.body.getAttribute("hx-headers") || "{}"), "X-Requested-With": "fetch" });
  const ask = (address, fields, signal) =>
    fetch(address, { method: "POST", headers: headers(), body: new URLSearchParams(fields), signal, credentials: "same-origin" })
      .then((answer) => { if (!answer.ok || answer.redirected) throw new Error("no answer"); return answer; });

  const enliven = (box) => {
    if (box.ruleInput) return;
    box.ruleInput = true;
    const field = one("input, textarea", box), marks = one(".rule-marks", box);
    const list = one(".rule-offers", box), said = one(".rule-said", box);
    let offers = [], at = -1, checking = null, suggesting = null, later = 0, soon = 0;

    // --- What is wrong, underlined where it stands. ---------------------------------------------
    const piece = (text, wrong) => {
      const node = document.createElement(wrong ? "mark" : "span");
      node.textContent = text;
      return node;
    };
    const follow = () => { marks.scrollLeft = field.scrollLeft; marks.scrollTop = field.scrollTop; };
    const underline = () => {
      const text = field.value, shown = one(".said", said);
      const begun = shown?.classList.contains("is-begun") && document.activeElement === field;
      const problems = JSON.parse(shown?.dataset.problems || "[]");
      marks.replaceChildren();
      let done = 0;
      // Places are counted in characters; a script counts an emoji as two.
      const place = (index) => [...text].slice(0, index).join("").length;
      for (const problem of begun ? [] : problems) {
        const start = Math.max(done, place(problem.start)), end = Math.max(place(problem.end), start + 1);
        marks.append(piece(text.slice(done, start), false), piece(text.slice(start, end) || "\u00a0\u00a0", true));
        done = end;
      }
      marks.append(piece(`${text.slice(done)}\u200b`, false));
      field.toggleAttribute("data-begun", Boolean(begun));
      if (problems.length && !begun) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid");
      follow();
    };
    const check = async () => {
      checking?.abort();
      checking = new AbortController();
      const text = field.value;
      try {
        const fields = box.hasAttribute("data-chips") ? { rule: text, chips: "1" } : { rule: text };
        const answer = await (await ask(box.dataset.check, fields, checking.signal)).text();
        const chips = one(".chips", said);
        said.innerHTML = answer;
        // While one more condition is begun those before it stay in sight.
        if (chips && one(".is-begun", said)) { chips.querySelectorAll("button").forEach((chip) => { chip.disabled = true; }); said.append(chips); }
        // What stands elsewhere as chips is not said twice.
        if (box.hasAttribute("data-quiet") && text === field.defaultValue && !one(".error", said)) said.replaceChildren();
      } catch { return; }
      underline();
      const problems = JSON.parse(one(".said", said)?.dataset.problems || "[]");
      field.dispatchEvent(new CustomEvent("rule:checked", { bubbles: true, detail: { text, ok: !problems.length } }));
    };

    // --- What may come next. ----------------------------------------------------------------------
    const isOpen = () => !list.hidden;
    const open = (on) => {
      list.hidden = !on;
      if (field.getAttribute("role") === "combobox") field.setAttribute("aria-expanded", String(on));
      if (!on) { at = -1; field.removeAttribute("aria-activedescendant"); }
    };
    const mark = (index) => {
      at = index;
      [...list.children].forEach((line, place) => line.setAttribute("aria-selected", String(place === index)));
      if (index < 0) { field.removeAttribute("aria-activedescendant"); return; }
      field.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    };
    const line = (offer, index) => {
      const node = document.createElement("li");
      node.id = `${list.id}-${index}`;
      node.setAttribute("role", "option");
      node.setAttribute("aria-selected", "false");
      const means = offer.label === offer.insert ? offer.detail : [offer.label, offer.detail].filter(Boolean).join(" · ");
      const many = offer.count === null ? "" : `${offer.about ? "≈ " : ""}${offer.count.toLocaleString("en")}`;
      for (const [name, text] of [["insert", offer.insert], ["means", offer.label === offer.insert.replace(/^"|"$/g, "") && offer.kind === "value" ? "" : means], ["many", many]]) {
        const part = document.createElement("span");
        part.className = name;
        part.textContent = text;
        node.append(part);
      }
      if (many) node.lastChild.append(Object.assign(document.createElement("span"), { className: "hush", textContent: offer.count === 1 ? " account" : " accounts" }));
      return node;
    };
    const suggest = async () => {
      suggesting?.abort();
      suggesting = new AbortController();
      const before = field.value.slice(0, field.selectionStart);
      try {
        offers = (await (await ask(box.dataset.suggest, { before }, suggesting.signal)).json()).offers;
      } catch { return; }
      if (document.activeElement !== field || before !== field.value.slice(0, field.selectionStart)) return;
      const lengths = (offer) => [...before].slice(0, offer.start).join("").length;
      // One that is written already is no help.
      offers = offers.map((offer) => ({ ...offer, start: lengths(offer) })).filter((offer) => before.slice(offer.start) !== offer.insert);
      list.replaceChildren(...offers.map(line));
      open(offers.length > 0);
      at = -1;
    };
    // Until the answer for the new text is here, what does not fit it any more is not offered.
    const narrow = () => {
      const typed = (offer) => field.value.slice(offer.start, field.selectionStart).replace(/^"/, "").toLowerCase();
      const fits = (offer) => [offer.insert, offer.label].some((text) => (text ?? "").toLowerCase().includes(typed(offer)));
      if (!isOpen()) return;
      offers = offers.filter(fits);
      list.replaceChildren(...offers.map(line));
      open(offers.length > 0);
      at = -1;
    };
    const changed = () => {
      narrow();
      clearTimeout(later); clearTimeout(soon);
      soon = setTimeout(suggest, 90);
      later = setTimeout(check, 250);
    };
    const take = (offer) => {
      const after = field.value.slice(field.selectionStart), gap = /\($/.test(offer.insert) || /^[ )]/.test(after) ? "" : " ";
      field.setRangeText(offer.insert + gap, offer.start, field.selectionStart, "end");
      field.focus();
      open(false);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };

    field.addEventListener("input", () => { underlineLater(); changed(); });
    // What was underlined has moved: until it is checked again nothing is.
    const underlineLater = () => { marks.replaceChildren(); };
    field.addEventListener("scroll", follow);
    field.addEventListener("click", suggest);
    field.addEventListener("blur", () => { setTimeout(() => { if (document.activeElement !== field) open(false); }, 150); underline(); });
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!isOpen()) { if (event.key === "ArrowDown" && !event.shiftKey && field.tagName === "INPUT") { event.preventDefault(); suggest(); } return; }
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark(at < 0 ? (step > 0 ? 0 : offers.length - 1) : (at + step + offers.length) % offers.length);
      } else if ((event.key === "Enter" || event.key === "Tab") && isOpen() && at >= 0) {
        event.preventDefault();
        event.stopPropagation();
        take(offers[at]);
      } else if (event.key === "Escape" && isOpen()) {
        event.preventDefault();
        event.stopPropagation();
        open(false);
      } else if (event.key === " " && event.ctrlKey) {
        event.preventDefault();
        suggest();
      } else if (event.key === "Enter") {
        open(false);
      }
    });
    list.addEventListener("pointerdown", (event) => {
      const row = event.target.closest("li");
      if (!row) return;
      event.preventDefault();
      take(offers[[...list.children].indexOf(row)]);
    });
    said.addEventListener("click", (event) => {
      const more = event.target.closest("[data-rule-goes-on]");
      if (more) {
        field.value = more.dataset.ruleGoesOn;
        field.focus();
        field.setSelectionRange(field.value.length, field.value.length);
        field.dispatchEvent(new Event("input", { bubbles: true }));
        return;
      }
      const chip = event.target.closest("[data-rule-becomes]");
      if (!chip) return;
      field.value = chip.dataset.ruleBecomes;
      field.focus();
      check();
    });
    // A form of one rule is not sent with a wrong one: what is shown stays, and the fault is told here.
    const form = field.form?.matches("[data-rule-form]") ? field.form : null;
    form?.addEventListener("submit", async (event) => {
      if (field.dataset.right === field.value) return;
      event.preventDefault();
      clearTimeout(later);
      clearTimeout(soon);
      suggesting?.abort();
      open(false);
      await check();
      const problems = JSON.parse(one(".said", said)?.dataset.problems || "[]");
      if (!problems.length) { field.dataset.right = field.value; form.requestSubmit(); return; }
      one(".said", said).classList.remove("is-begun");
      underline();
      field.focus();
      const at = [...field.value].slice(0, problems[0].end).join("").length;
      field.setSelectionRange(at, at);
    });
    underline();
  };

  const all = (root) => root.querySelectorAll?.("[data-rule-input]").forEach(enliven);
  all(document);
  document.addEventListener("htmx:afterSettle", () => all(document));
})();
