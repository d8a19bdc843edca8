document.querySelectorAll("pre[data-copy]").forEach(block => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy: " + block.dataset.copy);
  button.addEventListener("click", async () => {
    const range = document.createRange(), selection = getSelection();
    range.selectNodeContents(block);
    selection.removeAllRanges();
    selection.addRange(range);
    let done = false;
    try { await navigator.clipboard.writeText(block.textContent); done = true; } catch { done = document.execCommand("copy"); }
    button.textContent = done ? "Copied" : "Selected";
  });
  block.after(button);
});
