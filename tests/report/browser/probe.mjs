// Opens pages in one headless Chromium and prints what it found as JSON; the tests judge it.
// node probe.mjs CHROMIUM NODE_MODULES PROFILE '{"name": "file:///...", ...}'
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [chromium, modules, profile, given] = process.argv.slice(2);
const require = createRequire(`${pathToFileURL(modules)}/`);
const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const MM = 96 / 25.4, A4 = { width: Math.floor(190 * MM), height: Math.floor(275 * MM) }; // less the margins
const DESKTOP = { width: 1300, height: 900 }, PHONE = { width: 360, height: 740 };

const browser = await puppeteer.launch({
  executablePath: chromium,
  userDataDir: profile,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});

/** A tab that writes down what the page asks for and complains about. */
const open = async (address, { script = true, size = DESKTOP } = {}) => {
  const page = await browser.newPage(), heard = { requests: [], errors: [] };
  const beside = new URL(".", address).href;
  page.on("request", request => request.url().startsWith("data:") || request.url().startsWith(beside) || heard.requests.push(request.url()));
  page.on("pageerror", error => heard.errors.push(String(error)));
  page.on("console", said => ["error", "warn"].includes(said.type()) && heard.errors.push(said.text()));
  await page.setJavaScriptEnabled(script);
  await page.setViewport(size);
  await page.goto(address);
  if (script && await page.$("#explorer-status"))
    await page.waitForFunction(() => document.querySelector("#explorer-status").textContent);
  return [page, heard];
};

/** axe's violations with everything unfolded, and the texts whose contrast it could not judge. */
const audit = async (page, scheme, size, options) => {
  await page.setViewport(size);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  return page.evaluate(async options => {
    const found = await axe.run({ preload: false, ...options });
    const contrast = found.incomplete.find(rule => rule.id === "color-contrast");
    return {
      violations: found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}`)),
      unjudged: contrast ? contrast.nodes.map(node => node.target.join(" ")) : [],
      judged: found.passes.find(rule => rule.id === "color-contrast")?.nodes.length ?? 0,
    };
  }, options);
};

/** The page prepared for axe, then {light, dark, phone: what it says}. */
const audits = async page => {
  await page.evaluate(axe);
  await page.evaluate(() => {
    document.querySelectorAll("details").forEach(each => { each.open = true; });
    // What sticks lies over other text wherever the page stands; axe cannot judge contrast there.
    document.head.append(Object.assign(document.createElement("style"), { textContent: "nav, th { position: static !important }" }));
  });
  // A scheme changes colours alone, a width all but colours (and hides from axe what is scrolled away).
  const size = { "target-size": { enabled: true } }, contrast = "color-contrast";
  return {
    light: await audit(page, "light", DESKTOP, { rules: size }),
    dark: await audit(page, "dark", DESKTOP, { runOnly: [contrast] }),
    phone: await audit(page, "light", PHONE, { rules: { ...size, [contrast]: { enabled: false } } }),
  };
};

/** What can be focused and shows no ring when it is. */
const ringless = async page => {
  await page.keyboard.press("Tab"); // from here on the browser takes focus to come from the keyboard
  return page.evaluate(() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility())
    .filter(each => (each.focus({ preventScroll: true }), document.activeElement !== each || getComputedStyle(each).outlineStyle === "none"))
    .map(each => each.outerHTML.slice(0, 80)));
};

const structure = page => page.evaluate(() => ({
  title: document.title,
  headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(each => Number(each.tagName[1])),
  landmarks: [...document.body.children].map(each => each.tagName).filter(name => ["HEADER", "NAV", "MAIN"].includes(name)),
  nameless: [...document.querySelectorAll("img:not([alt]), figure > img[alt=''], .scroll img[alt=''], th:not([scope]), table:not([aria-label]):not(:has(> caption))")].map(each => each.outerHTML.slice(0, 80)),
  lost: [...document.querySelectorAll("a[href^='#']")].map(each => each.hash.slice(1)).filter(id => !/[?]/.test(id) && !document.getElementById(id)),
}));

/** How wide the document is, and which tables stick out of it without a region that scrolls by keys. */
const width = page => page.evaluate(() => {
  document.querySelectorAll("details").forEach(each => { each.open = true; });
  const wide = document.scrollingElement.clientWidth;
  return {
    document: document.scrollingElement.scrollWidth,
    stuck: [...document.querySelectorAll("table, svg, pre")].filter(each => each.getBoundingClientRect().right > wide)
      .filter(each => each.closest(".scroll")?.tabIndex !== 0).map(each => each.outerHTML.slice(0, 80)),
  };
});

const printed = async page => {
  await page.emulateMediaType("print");
  await page.setViewport(A4);
  const found = await page.evaluate(({ width, height }) => {
    const seen = each => each.checkVisibility(), brief = each => each.outerHTML.slice(0, 80);
    const all = selector => [...document.querySelectorAll(selector)].filter(seen);
    return {
      pressable: all("nav, form, button, select, input").map(brief),
      // A repeated head shows its own text or what the style sheet writes, not what a button in it says.
      headless: all("thead th").filter(each => !each.innerText.trim() && /^(none|normal|"")$/.test(getComputedStyle(each, "::after").content)).map(brief),
      beyond: all("table, img, pre, svg").filter(each => each.getBoundingClientRect().right > width + 1).map(brief),
      cut: all("figure, tr").filter(each => each.getBoundingClientRect().height > height || getComputedStyle(each).breakInside !== "avoid").map(brief),
      unsaid: all("details:not([open]) > summary").filter(each => getComputedStyle(each, "::after").content === "none").map(brief),
      full: document.scrollingElement.scrollHeight / height,
    };
  }, A4);
  const pdf = Buffer.from(await page.pdf({ format: "a4", preferCSSPageSize: true })).toString("latin1");
  return { ...found, pages: pdf.match(/\/Type\s*\/Page\b/g).length };
};

const table = page => page.evaluate(() => ({
  sorted: [...document.querySelectorAll("#leaderboard thead th")].map(each => each.ariaSort),
  status: document.querySelector("#filter output").value,
  groups: [...document.querySelectorAll("#leaderboard tbody")].map(group => ({
    fixed: "fixed" in group.dataset,
    hidden: group.hidden,
    rows: [...group.rows].slice(1).filter(row => !row.hidden && !group.hidden)
      .map(row => [row.cells[0].textContent, ...[...row.cells].slice(1).map(cell => cell.dataset.value ?? null)]),
  })),
}));

/** Sort by keys, filter, and the table after each step. */
const sortAndFilter = async page => {
  const steps = { before: await table(page) };
  await page.focus("#leaderboard thead th:nth-child(3) button");
  await page.keyboard.press("Enter");
  steps.once = await table(page);
  await page.keyboard.press("Space");
  steps.twice = await table(page);
  const method = await page.$eval("#filter [name=method] option:nth-child(2)", each => each.value);
  await page.select("#filter [name=method]", method);
  steps.method = { asked: method, ...await table(page) };
  await page.select("#filter [name=method]", "");
  steps.all = await table(page);
  return steps;
};

const explore = async page => {
  const status = () => page.$eval("#explorer-status", each => each.textContent);
  const steps = { before: await status() };
  await page.focus("#explorer-previous");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  steps.focused = await page.evaluate(() => document.activeElement.id);
  steps.ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  await page.keyboard.press("Enter");
  await page.waitForFunction(before => document.querySelector("#explorer-status").textContent !== before, {}, steps.before);
  steps.next = await status();
  const [linked] = await open(await page.$eval("#explorer-link", each => each.href));
  steps.linked = await linked.$eval("#explorer-status", each => each.textContent);
  steps.top = await linked.$eval("#explorer", each => each.getBoundingClientRect().top);
  await linked.close();
  return steps;
};

const copy = async page => {
  await page.bringToFront();
  await page.click("pre[data-copy] + button");
  await page.waitForFunction(() => document.querySelector("pre[data-copy] + button").textContent !== "Copy");
  return page.evaluate(() => ({
    said: document.querySelector("pre[data-copy] + button").textContent,
    selected: String(getSelection()).trim(),
    wanted: document.querySelector("pre[data-copy]").textContent.trim(),
  }));
};

const withoutScript = async address => {
  const [page] = await open(address, { script: false });
  const found = await page.evaluate(() => {
    const seen = each => each.checkVisibility();
    document.querySelectorAll("details").forEach(each => { each.open = true; }); // needs no script
    return {
      forms: [...document.querySelectorAll("form, button[data-copy]")].filter(seen).length,
      headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(seen).map(each => Number(each.tagName[1])),
      rows: [...document.querySelectorAll("#leaderboard tbody tr")].filter(seen).length,
      figures: [...document.querySelectorAll("figure img")].filter(each => each.complete && each.naturalWidth && seen(each)).length,
      said: [...document.querySelectorAll("noscript p")].filter(seen).length,
    };
  });
  await page.close();
  return found;
};

const pages = {};
for (const [name, address] of Object.entries(JSON.parse(given))) {
  const found = pages[name] = {};
  const [page, heard] = await open(address);
  Object.assign(found, heard, { structure: await structure(page), ringless: await ringless(page) });
  if (await page.$("#leaderboard"))
    Object.assign(found, { table: await sortAndFilter(page), explorer: await explore(page), copy: await copy(page), plain: await withoutScript(address) });
  found.axe = await audits(page);
  await page.close();
  const [phone] = await open(address, { size: PHONE });
  found.phone = await width(phone);
  await phone.close();
  const [paper] = await open(address);
  found.print = await printed(paper);
  await paper.close();
}
await browser.close();
console.log(JSON.stringify(pages));
