const table = document.getElementById("leaderboard"), body = table.tBodies[0];
table.querySelectorAll("th button").forEach((button, column) => button.addEventListener("click", () => {
  const head = button.parentElement, down = head.ariaSort !== "descending";
  table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
  head.ariaSort = down ? "descending" : "ascending";
  const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const order = (a, b) => column < 2 ? key(a).localeCompare(key(b)) : Number(key(a)) - Number(key(b));
  [...body.rows].sort((a, b) => (down ? -1 : 1) * order(a, b)).forEach(row => body.append(row));
}));
