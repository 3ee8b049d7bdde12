"use strict";
// Browses samples: unpacks the page's data, filters and lists it, and opens one sample at a time. Every text is
// set as text, never as HTML, and characters that are not seen are written out.
(() => {
  const PAGE = 50;
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
  const visible = (text) => String(text).replace(UNSEEN, (one) =>
    one === "\n" || one === "\t" ? one : "\\u" + one.codePointAt(0).toString(16).padStart(4, "0"));
  const make = (tag, css, ...inside) => {
    const node = document.createElement(tag);
    if (css) node.className = css;
    inside.forEach((one) => node.append(one instanceof Node ? one : visible(one)));
    return node;
  };
  const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined;
  const json = (value) => value === undefined ? "" : JSON.stringify(value);

  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  // One row for each argument of either side; gold calls meet answered ones of the same name, in order.
  const compared = (gold, answered, errors) => {
    const left = [...answered];
    const wrong = new Set(errors.map((error) => error[1]));
    const rows = [];
    const pair = (name, accepted, origins, call) => {
      const given = call ? call.arguments : {};
      const names = [...new Set([...Object.keys(accepted), ...Object.keys(given)])];
      if (!names.length) rows.push([name, "", accepted, call ? name : "", !call]);
      names.forEach((parameter) => {
        const expected = own(accepted, parameter);
        const shown = expected ? expected.map(json).join(" or ") : "";
        const origin = own(origins, parameter);
        const from = origin ? ` (${origin})` : "";
        const mine = json(own(given, parameter));
        const path = `${name}.${parameter}`;
        const leftOut = origin === "default" && !mine;
        const miss = !call || !expected || wrong.has(path) || (!mine && !leftOut);
        rows.push([name, parameter, shown + from, mine, miss]);
      });
    };
    gold.forEach(([name, accepted, origins]) => {
      const place = left.findIndex((call) => call.name === name);
      pair(name, accepted, origins, place < 0 ? null : left.splice(place, 1)[0]);
    });
    left.forEach((call) => pair(call.name, {}, {}, call));
    return rows;
  };

  const argumentTable = (sample, answer) => {
    const rows = compared(sample.gold || [], answer.parsed ? answer.parsed.calls : [], answer.errors);
    const platform = answer.parsed ? answer.parsed.platform : null;
    if (sample.platform !== null || platform !== null)
      rows.unshift(["platform", "", sample.platform ?? "", platform ?? "", sample.platform !== platform]);
    const table = make("table", "", make("thead", "", make("tr", "",
      ...["Function", "Argument", "Expected", "Answered"].map((name) => make("th", "", name)))));
    table.append(make("tbody", "", ...rows.map(([name, parameter, expected, given, miss]) =>
      make("tr", miss ? "miss" : "", ...[name, parameter, expected, given].map((one) => make("td", "", make("div", "", one)))))));
    return make("div", "wide", table);
  };

  const flag = (answer) => answer.right === null ? ["·", ""] : answer.right ? ["✓", "right"] : ["✗", "wrong"];

  const opened = (data, sample) => {
    const inside = [make("h3", "", "Query"), make("pre", "", sample.query)];
    const prompts = new Map();
    sample.answers.forEach((answer, place) => {
      const [mark, css] = flag(answer);
      inside.push(make("h3", "", make("span", `flag ${css}`, mark), data.models[place]));
      if (answer.reason) inside.push(make("p", "", answer.reason));
      if (sample.gold || answer.parsed) inside.push(argumentTable(sample, answer));
      inside.push(make("pre", "", answer.text || "(no answer)"));
      if (answer.prompt) {
        const text = answer.prompt.map((piece) => data.pieces[piece]).join("");
        prompts.set(text, [...(prompts.get(text) || []), data.models[place]]);
      }
    });
    prompts.forEach((models, text) => {
      const whom = prompts.size > 1 ? `Prompt of ${models.join(", ")}` : "Prompt";
      const shown = make("details", "", make("summary", "", whom));
      shown.addEventListener("toggle", () => shown.children.length > 1 || shown.append(make("pre", "", text)));
      inside.push(shown);
    });
    return inside;
  };

  const hit = (data, sample) => {
    const flags = sample.answers.map((answer) => make("span", `flag ${flag(answer)[1]}`, flag(answer)[0]));
    const node = make("details", "hit", make("summary", "", ...flags, ` ${sample.id} `,
      make("span", "soft", sample.query.slice(0, 160))));
    node.addEventListener("toggle", () => {
      if (node.open && node.children.length === 1) node.append(...opened(data, sample));
    });
    return node;
  };

  const choice = (name, label, options) => {
    const select = make("select", "", ...options.map(([value, shown]) => {
      const option = make("option", "", shown);
      option.value = value;
      return option;
    }));
    select.name = name;
    return make("label", "", label, select);
  };

  // What may be chosen: every value there is, with how many samples have it.
  const counts = (data, values) => {
    const found = new Map();
    data.samples.forEach((sample) => new Set(values(sample)).forEach((one) =>
      found.set(one, (found.get(one) || 0) + 1)));
    return [["", "any"], ...[...found].sort().map(([one, count]) => [one, `${own(data.names, one) || one} (${count})`])];
  };
  const errorsOf = (sample) => sample.answers.flatMap((answer) => answer.errors.map((error) => error[0]));
  const outcomes = (data) => {
    const one = data.models.length === 1;
    const found = one ? [["0r", "right"], ["0w", "wrong"]]
      : data.models.flatMap((model, place) => [[`${place}r`, `${model} right`], [`${place}w`, `${model} wrong`]]);
    data.models.forEach((first, a) => data.models.forEach((second, b) =>
      a !== b && found.push([`${a}r${b}w`, `${first} right, ${second} wrong`])));
    return [["", "any"], ...found];
  };
  const has = (sample, outcome) => [...outcome.matchAll(/(\d+)([rw])/g)].every(([, place, kind]) =>
    sample.answers[place].right === (kind === "r"));

  const browse = (place, data) => {
    const form = make("form", "",
      choice("outcome", "Outcome", outcomes(data)),
      choice("error", "Mistake", counts(data, errorsOf)),
      choice("scenario", "Scenario", counts(data, (sample) => [sample.scenario])),
      choice("user", "User", counts(data, (sample) => [sample.user])));
    const search = make("input");
    search.type = "search";
    search.name = "text";
    form.append(make("label", "", "Text", search));
    const count = make("p", "soft");
    const list = make("div");
    const more = make("button", "", "Show more");
    more.type = "button";
    let found = [];
    const extend = () => {
      found.slice(list.children.length, list.children.length + PAGE).forEach((one) => list.append(hit(data, one)));
      more.hidden = list.children.length >= found.length;
    };
    const filter = () => {
      const asked = Object.fromEntries(["outcome", "error", "scenario", "user", "text"].map((name) =>
        [name, form.elements.namedItem(name).value]));
      const text = asked.text.toLowerCase();
      found = data.samples.filter((sample) =>
        (!asked.outcome || has(sample, asked.outcome))
        && (!asked.error || errorsOf(sample).includes(asked.error))
        && (!asked.scenario || sample.scenario === asked.scenario)
        && (!asked.user || sample.user === asked.user)
        && (!text || [sample.id, sample.query, ...sample.answers.map((answer) => answer.text)]
          .some((one) => one.toLowerCase().includes(text))));
      count.textContent = `${found.length} of ${data.samples.length} samples`;
      list.replaceChildren();
      extend();
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    more.addEventListener("click", extend);
    place.replaceChildren(form, count, list, more);
    filter();
  };

  document.querySelectorAll(".browser").forEach(async (place) => {
    try {
      browse(place, await unpack(place.parentNode.querySelector(".browser-data").textContent));
    } catch (error) {
      place.replaceChildren(make("p", "note",
        `This browser cannot unpack the samples (${error.message}); per_sample.jsonl has them.`));
    }
  });
})();
