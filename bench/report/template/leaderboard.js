/* The table of scores: sort inside each group, filter by network and method. Fixed groups stay. */
(() => {
  const table = document.getElementById("leaderboard"), form = document.getElementById("filter");
  const status = form.querySelector("output"), groups = [...table.tBodies];
  const rowsOf = group => [...group.rows].slice(1);  // but the group's heading
  const compare = (column, down) => (a, b) => {
    const [x, y] = [a, b].map(row => row.cells[column]?.dataset.value);
    if (!column) return (down ? -1 : 1) * a.cells[0].textContent.localeCompare(b.cells[0].textContent);
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    return (down ? -1 : 1) * (Number(x) - Number(y));
  };
  const sort = (head, column) => {
    const bestFirst = head.dataset.better === "higher" ? "descending" : "ascending";
    const other = bestFirst === "descending" ? "ascending" : "descending";
    const order = head.ariaSort === bestFirst ? other : bestFirst;
    table.querySelectorAll("thead th").forEach(each => each.removeAttribute("aria-sort"));
    head.ariaSort = order;
    for (const group of groups.filter(each => !("fixed" in each.dataset)))
      group.append(...rowsOf(group).sort(compare(column, order === "descending")));
  };
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    // On paper the style sheet writes this instead: a button is left out where a page repeats the head.
    button.textContent = head.dataset.label = head.textContent;
    button.addEventListener("click", () => sort(head, column));
    head.replaceChildren(button);
  });
  const filter = () => {
    const { model, method, controls } = form.elements;
    let shown = 0, all = 0;
    for (const group of groups.filter(each => !("fixed" in each.dataset))) {
      const control = "controls" in group.dataset;
      const asked = (!model.value || group.dataset.model === model.value) && (!control || controls.checked);
      for (const row of rowsOf(group)) {
        row.hidden = !asked || (method.value !== "" && row.dataset.method !== method.value);
        shown += !row.hidden;
        all += 1;
      }
      group.hidden = rowsOf(group).every(row => row.hidden);
    }
    status.value = `${shown} of ${all} rows shown`;
  };
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", filter);
  form.hidden = false;
  filter();
})();
