// On paper nothing can be opened: what is folded is printed open, but for the recordings' pages.
const folded = () => document.querySelectorAll("details:not([open]):not(.recording)");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...folded()];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});
