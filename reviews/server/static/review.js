// Keys, evidence that lights up, and forms that are sent without leaving the page. Everything works without it:
// the server renders every page and takes every form as it is. Nothing of a sample is ever evaluated here.
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => {
    const live = one("#live");
    live.textContent = "";
    setTimeout(() => { live.textContent = text; }, 50);
  };

  // -- evidence
  const light = (from) => {
    all(".lit").forEach((each) => each.classList.remove("lit"));
    const number = from?.dataset.argument;
    if (number === undefined) return [];
    const proofs = all("[data-proves]").filter((each) => each.dataset.proves.split(" ").includes(number));
    [from, ...proofs].forEach((each) => each.classList.add("lit"));
    return proofs;
  };
  const argument = (event) => event.target.closest?.("[data-argument]");
  document.addEventListener("mouseover", (event) => light(argument(event) ?? document.activeElement?.closest("[data-argument]")));
  document.addEventListener("focusin", (event) => light(argument(event)));
  document.addEventListener("click", (event) => {
    const asked = event.target.closest?.("button[data-show]");
    if (!asked) return;
    const [proof] = light(asked.closest("[data-argument]"));
    for (let fold = proof?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    proof?.scrollIntoView({ block: "center" });
  });

  // -- time in which the page is looked at
  let looked = 0, since = document.hidden ? null : Date.now();
  const pause = () => { if (since !== null) looked += Date.now() - since; since = null; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); else since = Date.now(); });

  // -- forms
  let sending = false, changed = false;
  document.addEventListener("input", (event) => { if (event.target.closest("form.judge")) changed = true; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  const focusOn = (element) => { element?.focus(); element?.scrollIntoView({ block: "nearest" }); };

  const show = (text, url) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!one("main", page)) { location.reload(); return; }
    for (const part of ["main", ".bar"]) one(part).replaceWith(document.adoptNode(one(part, page)));
    document.title = page.title;
    if (url !== location.href) history.pushState(null, "", url);
    const invalid = one("[aria-invalid=true]");
    const notice = one("#notice");
    scrollTo(0, 0);
    focusOn(invalid ?? (notice?.dataset.focus === "true" ? notice : one("h1")));
    say(notice ? notice.textContent.trim().replace(/\s+/g, " ").slice(0, 300) : one("h1").textContent);
    looked = 0; since = document.hidden ? null : Date.now(); changed = Boolean(invalid) || notice?.dataset.focus === "true";
    prepare();
  };

  const send = async (form, submitter) => {
    if (sending) return;
    sending = true;
    pause();
    const body = new URLSearchParams(new FormData(form, submitter));
    if (body.has("seconds")) body.set("seconds", (looked / 1000).toFixed(1));
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
      if (answer.headers.get("content-type")?.startsWith("text/html")) show(await answer.text(), answer.redirected ? answer.url : location.href);
      else say(`Not saved: ${(await answer.text()).slice(0, 300)}`), failed(`Not saved (status ${answer.status}).`);
    } catch {
      failed("Not saved: the server does not answer. What you entered is still here; start ptool.review again, then save again.");
    } finally {
      sending = false;
      if (since === null && !document.hidden) since = Date.now();
    }
  };
  const failed = (text) => {
    const note = one("#failed");
    note.textContent = text;
    note.hidden = false;
    say(text);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.dataset.plain !== undefined) { changed = false; return; }
    event.preventDefault();
    send(form, event.submitter);
  });
  addEventListener("popstate", () => location.reload());

  // -- keys
  const KEY = "ptool-review-letters";
  const letters = () => { try { return localStorage.getItem(KEY) !== "off"; } catch { return true; } };
  const help = () => one("#help");
  const groups = () => all("form.judge fieldset.pick");
  const current = () => document.activeElement?.closest?.("fieldset.pick")
    ?? groups().find((each) => !one("input:checked", each)) ?? groups()[0];
  const enter = (group) => focusOn(group && (one("input:checked", group) ?? one("input", group)));
  const choose = (value) => {
    const group = current();
    const input = group && one(`input[data-key="${value}"]`, group);
    if (!input) return;
    input.checked = true;
    changed = true;
    const differs = input.dataset.differs !== undefined ? `, ${one(".differs", group).textContent.trim()}` : "";
    say(`${one("legend", group).firstChild.textContent.trim()}: ${input.parentElement.textContent.trim()}${differs}`);
    const rest = groups();
    const next = rest[rest.indexOf(group) + 1];
    if (value === "f" && group.nextElementSibling?.matches(".mend")) focusOn(one("textarea, select, input", group.nextElementSibling));
    else if (next) enter(next);
    else focusOn(one("form.judge button[value=done]"));
  };
  const step = (by) => {
    const rest = groups(), at = rest.indexOf(document.activeElement?.closest?.("fieldset.pick"));
    enter(rest[at < 0 ? (by > 0 ? 0 : rest.length - 1) : Math.min(Math.max(at + by, 0), rest.length - 1)]);
  };
  const press = (selector) => { const found = one(selector); if (found) found.click(); return Boolean(found); };
  const proof = (by) => {
    const shown = all("[data-argument] button[data-show]");
    const at = shown.indexOf(document.activeElement);
    focusOn(shown[(at + by + shown.length) % shown.length]);
  };
  const TO = {
    o: () => choose("o"), f: () => choose("f"), r: () => choose("r"),
    q: () => choose("q"), p: () => choose("p"), d: () => choose("d"),
    j: () => step(1), k: () => step(-1),
    e: () => proof(1), E: () => proof(-1),
    s: () => press("form.judge button[value=skipped]"),
    u: () => press("button[data-undo]"),
    n: () => press("a[data-next]"), b: () => history.back(),
    l: () => press("form.judge input[name=second_look]"),
    c: () => focusOn(one("form.judge textarea[name=comment]")),
    g: () => press("a[data-queue]"),
    w: () => press("[data-start]"),
    h: () => focusOn(one("h1")),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("textarea, select, input[type=text], input:not([type])");
    const form = one("form.judge");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
      event.preventDefault();
      form.requestSubmit(one("button[value=done]", form));
      return;
    }
    if (event.key === "Escape" && typing) { event.target.blur(); focusOn(one("form.judge button[value=done]")); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || help()?.open) return;
    if (event.key === "?") { event.preventDefault(); help().showModal(); return; }
    if (event.key === "Enter" && event.target.matches?.("input[type=radio], h1, body") && form) {
      event.preventDefault();
      form.requestSubmit(one("button[value=done]", form));
      return;
    }
    const act = letters() && TO[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-help]")) help().showModal();
    if (event.target.closest?.("[data-close]")) help().close();
    if (event.target.closest?.("a")) changed = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "letters") { try { localStorage.setItem(KEY, event.target.checked ? "on" : "off"); } catch { /* private window */ } }
  });
  const prepare = () => {
    const box = one("#letters");
    if (box) box.checked = letters();
    all(".with-script").forEach((each) => { each.hidden = false; });
  };
  prepare();
})();
