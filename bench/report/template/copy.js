document.querySelectorAll("pre[data-copy]").forEach(block => {
  const button = document.createElement("button");
  button.type = "button";
  const say = word => {
    button.textContent = word;
    button.setAttribute("aria-label", `${word}: ${block.dataset.copy}`);
  };
  say("Copy");
  button.addEventListener("click", async () => {
    const range = document.createRange(), selection = getSelection();
    range.selectNodeContents(block);
    selection.removeAllRanges();
    selection.addRange(range);
    let done = false;
    try { await navigator.clipboard.writeText(block.textContent); done = true; } catch { done = document.execCommand("copy"); }
    say(done ? "Copied" : "Selected");
  });
  block.after(button);
});
