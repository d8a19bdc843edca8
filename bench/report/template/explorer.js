{
const part = name => document.getElementById(`explorer-${name}`);
const index = JSON.parse(part("index").textContent);
const seen = new Map(JSON.parse(part("photographs").textContent).map(item => [item.name, item]));
const { folder, simulated } = part("panels").dataset;
const drawing = document.querySelector("svg.filters").namespaceURI;
const KEPT = 8; // photographs from the folder, in memory
const form = part("form"), views = form.elements.view;
let problem = "";

const made = (tag, properties = {}, children = []) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const drawn = (tag, attributes, text = "") => {
  const element = document.createElementNS(drawing, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
};
const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const scored = values => values.length ? index.metrics.map((name, i) => `${name} ${values[i]}`) : ["not scored"];

// The view is in the address, so that it can be linked to and survives a reload.
const state = () => ({ image: part("image").value, network: part("network").value,
  viewer: part("viewer").value, every: part("every").checked, view: views.value });
const address = now => {
  const words = new URLSearchParams({ image: now.image, network: now.network });
  if (now.viewer !== "all") words.set("viewer", now.viewer);
  if (now.every) words.set("every", "yes");
  if (now.view !== "over") words.set("view", now.view);
  return `#explorer?${words}`;
};
const chosen = (name, value) => {
  const select = part(name), known = [...select.options].some(option => option.value === value);
  if (known) select.value = value;
  else problem += `The link asks for “${value}”, which is not here. `;
};
const readAddress = () => {
  if (!location.hash.startsWith("#explorer?")) return false;
  const words = new URLSearchParams(location.hash.slice("#explorer?".length));
  problem = "";
  if (words.has("image")) chosen("image", words.get("image"));
  if (words.has("network")) chosen("network", words.get("network"));
  // The viewers of another photograph are listed once it is here.
  part("viewer").append(new Option("", words.get("viewer") ?? "all", false, true));
  part("every").checked = words.get("every") === "yes";
  views.value = words.get("view") === "plain" ? "plain" : "over";
  return true;
};

const listViewers = photograph => {
  const select = part("viewer"), before = select.value || "all";
  select.replaceChildren(new Option("all viewers", "all"), new Option("none", "none"),
    ...photograph.gaze.map(([viewer]) => new Option(`viewer ${viewer}`, `viewer:${viewer}`)));
  select.value = before;
  if (!select.value) select.value = "all";
};
const looks = (photograph, viewer) => photograph.gaze.filter(
  ([name]) => viewer === "all" || viewer === `viewer:${name}`);
const circles = (photograph, viewer) => {
  const [width, height] = photograph.size, shown = looks(photograph, viewer);
  const layer = drawn("svg", { viewBox: `-0.5 -0.5 ${width} ${height}`, "aria-hidden": "true" });
  const all = shown.flatMap(([, numbers]) => Array.from({ length: numbers.length / 3 }, (_, i) => numbers.slice(3 * i, 3 * i + 3)));
  if (viewer !== "all") layer.append(drawn("polyline", { points: all.map(([x, y]) => `${x},${y}`).join(" ") }));
  all.forEach(([x, y, ms], order) => {
    layer.append(drawn("circle", { cx: x, cy: y, r: (width / 40 * Math.sqrt(ms / 300)).toFixed(1) }));
    if (viewer !== "all") layer.append(drawn("text", { x, y, "font-size": width / 28 }, order + 1));
  });
  return layer;
};
const picture = (source, alt, className) => made("img", { src: source, alt, className, decoding: "async" });
const panel = (photograph, layers, label, lines) => {
  const stack = made("div", { className: "stack" }, layers);
  stack.style.aspectRatio = photograph.size.join(" / ");
  return made("figure", {}, [stack, made("figcaption", {}, [made("strong", { textContent: label }),
    ...lines.map(line => made("span", { textContent: line }))])]);
};

const show = photograph => {
  listViewers(photograph);
  const now = state(), shown = looks(photograph, now.viewer), over = now.view === "over";
  const [, label, names] = index.networks.find(([id]) => id === now.network);
  const network = photograph.networks[now.network];
  const numbers = shown.flatMap(([, values]) => values);
  const gaze = now.viewer === "none" ? "" : `${counted(numbers.length / 3, `${simulated}fixation`)} of ${
    now.viewer === "all" ? counted(shown.length, "viewer") : now.viewer.replace(":", " ")}, ${
    (numbers.filter((_, i) => i % 3 === 2).reduce((a, b) => a + b, 0) / 1000).toFixed(1)} s`;
  const mapLayers = (source, alt) => {
    const layers = over ? [picture(photograph.photograph, "", "under")] : [];
    layers.push(picture(source, alt, over ? "map over" : "map alone"));
    if (now.every) layers.push(circles(photograph, now.viewer));
    return layers;
  };
  const place = over ? "over" : "for";
  const baselines = photograph.baselines.map(([name, , ...values]) => `${name}: ${scored(values).join(", ")}`);
  part("panels").replaceChildren(
    panel(photograph, [picture(photograph.photograph, `The photograph ${photograph.name}${gaze && ` with ${gaze}, as circles`}`, ""),
      circles(photograph, now.viewer)], photograph.name, gaze ? [gaze] : []),
    panel(photograph, mapLayers(photograph.human, `Human map ${place} ${photograph.name}. ${baselines.join("; ")}`),
      simulated ? "Human map, simulated" : "Human map", baselines),
    ...network.maps.map((row, i) => row === null
      ? panel(photograph, [], names[i], ["no map of this photograph"])
      : panel(photograph, mapLayers(row[0], `${names[i]} on ${label} ${place} ${photograph.name}: ${scored(row.slice(2)).join(", ")}`),
        names[i], [...scored(row.slice(2)), ...(row[1] ? [`flagged: ${row[1]}`] : [])])));
  part("status").textContent = `${problem}Photograph ${index.photographs.indexOf(photograph.name) + 1} of ${index.photographs.length}: ${photograph.name}. ${
    network.class && `${label} sees “${network.class}”. `}${gaze && `${gaze}.`}`;
  part("link").href = address(now);
};

const wanted = () => part("image").value;
const update = () => {
  const name = wanted();
  if (seen.has(name)) return show(seen.get(name));
  const script = made("script", { src: `${folder}/${index.files[index.photographs.indexOf(name)]}` });
  script.addEventListener("load", () => script.remove());
  script.addEventListener("error", () => {
    script.remove();
    if (name !== wanted()) return;
    part("panels").replaceChildren();
    part("status").textContent = `The pictures of ${name} are not here: they lie in the folder “${folder}” beside this page. Where the page was copied, copy that folder too.`;
  });
  document.head.append(script);
};
// What a file of the folder calls.
window.explorerPhotograph = photograph => {
  seen.set(photograph.name, photograph);
  if (seen.size > KEPT) seen.delete(seen.keys().next().value);
  if (photograph.name === wanted()) show(photograph);
};

// Choices replace the entry in the history: Back leaves the page, links inside it still go back.
const changed = () => {
  problem = "";
  history.replaceState(null, "", address(state()));
  update();
};
const step = by => () => {
  const select = part("image");
  select.selectedIndex = (select.selectedIndex + by + select.length) % select.length;
  changed();
};
part("image").replaceChildren(...index.photographs.map(name => new Option(name, name)));
part("network").replaceChildren(...index.networks.map(([id, label]) => new Option(label, id)));
part("viewer").replaceChildren(new Option("all viewers", "all"));
part("previous").addEventListener("click", step(-1));
part("next").addEventListener("click", step(1));
form.addEventListener("change", changed);
form.addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", () => readAddress() && (update(), scrollToExplorer()));
const scrollToExplorer = () => document.getElementById("explorer").scrollIntoView();
form.hidden = false;
const linked = readAddress();
update();
if (linked) scrollToExplorer();
}
