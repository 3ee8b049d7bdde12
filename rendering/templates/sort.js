"use strict";
// Sorts tables: a click on a heading, then on it again the other way round; what is no number comes last.
(() => {
  const text = (cell) => {
    const own = cell.cloneNode(true);
    own.querySelectorAll("small, sup").forEach((note) => note.remove());
    return own.textContent.trim();
  };
  const value = (cell, words) => {
    const shown = text(cell);
    if (words) return shown.toLowerCase();
    const number = parseFloat(shown.replace(/,/g, "").replace(/^[<$]\s*/, ""));
    return Number.isNaN(number) ? null : number;
  };
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  const sort = (table, heading, place) => {
    const words = heading.classList.contains("word");
    const before = heading.getAttribute("aria-sort");
    const down = before ? before === "ascending" : !words;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [value(row.cells[place], words), row]);
    rows.sort((a, b) => compare(a[0], b[0], down ? -1 : 1));
    rows.forEach(([, row]) => body.append(row));
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  };
  document.querySelectorAll("table.sortable").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((heading, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading, place));
      heading.append(button);
    });
  });
})();
