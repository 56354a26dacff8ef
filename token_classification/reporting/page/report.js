// Draws the page from the JSON in #data.
const report = JSON.parse(document.getElementById("data").textContent);
const { classes, types, plain, rows, left_out: leftOut } = report.browser;
const [CORRECT, PAGE_LENGTH] = [classes.indexOf("correct"), 50];
const COLORS = { correct: "--correct", type: "--type", boundary: "--boundary", "type+boundary": "--type-boundary", missed: "--missed", spurious: "--spurious" };
const UNIT = plain ? "tags" : "entities";
const CONFIDENCE = `${Math.round(100 * report.intervals.confidence)}%`;

const percent = (fraction) => (100 * fraction).toFixed(2);
const interval = (score) => `${percent(score.low)} – ${percent(score.high)}`;
const colorOf = (error) => `var(${COLORS[error]})`;
const dot = (error) => make("span", { class: "dot", "--c": colorOf(error) });

function drawHead() {
  document.title = `Evaluation of ${report.model || report.source}`;
  const card = (title, score, extra = "") =>
    make("div", { class: `card ${extra}` }, make("span", { class: "quiet small" }, title), make("b", {}, percent(score.value)),
      make("span", { class: "quiet small" }, interval(score)));
  const { micro, macro_f1: macro, strict, accuracy } = report;
  document.getElementById("head").append(
    make("h1", {}, report.model || "Evaluation"),
    make("p", { class: "quiet" }, `${report.split}: ${report.source}`),
    make("div", { class: "cards" },
      ...(plain ? [card("Word accuracy", accuracy, "main"), card("Macro F1", macro)] : [
        card("F1", micro.f1, "main"), card("Precision", micro.precision), card("Recall", micro.recall),
        card("Strict F1", strict.f1), card("Macro F1", macro), card("Word accuracy", accuracy)])),
    make("p", { class: "quiet small" },
      `${count(report.sentences)} sentences, ${count(report.words)} words, ${count(micro.gold)} ${UNIT} in gold, ` +
      `${count(micro.predicted)} predicted; scheme ${report.scheme.toUpperCase()}. Scores are percentages, each with its ` +
      `${CONFIDENCE} interval (bootstrap over sentences, ${count(report.intervals.replicates)} samples).`));
  const titles = [...document.querySelectorAll("section")].map((section) => [section.id, section.querySelector("h2").textContent]);
  document.querySelector("nav").append(...titles.map(([id, title]) => make("a", { href: `#${id}` }, title)));
}

function scoreRow(name, score, kind = "") {
  const { low, high, value } = score.f1;
  const bar = make("span", { class: "bar", "aria-hidden": "true", title: interval(score.f1) }, make("i"), make("u"));
  bar.children[0].style.left = `${100 * low}%`;
  bar.children[0].style.width = `${100 * (high - low)}%`;
  bar.children[1].style.left = `${100 * value}%`;
  return make("tr", { class: kind }, make("th", { scope: "row" }, name), ...[score.precision, score.recall, score.f1].map((part) => make("td", {}, percent(part.value))),
    make("td", {}, bar), make("td", { class: "quiet small" }, interval(score.f1)), make("td", {}, count(score.gold)), make("td", {}, count(score.predicted)));
}

const scoreHead = (title) => headings([title, "precision", "recall", "F1", "", `${CONFIDENCE} interval`, "gold", "predicted"]);

function drawScores() {
  const body = Object.entries(report.types).map(([name, score]) => scoreRow(name, score));
  body.push(scoreRow("all (micro)", report.micro, "sum"));
  if (report.strict) body.push(scoreRow("all (strict)", report.strict, "sum"));
  document.getElementById("scores").append(table(scoreHead("type"), body, "table scores"));
}

function drawErrors() {
  const section = document.getElementById("errors");
  const { total, types: byType } = report.errors;
  const used = classes.filter((error) => !plain || total[error]);
  const sums = used.map((error) => `${error} ${count(total[error])}`).join(", ");
  const stack = make("div", { class: "stack", role: "img", "aria-label": sums }, ...used.filter((error) => total[error])
    .map((error) => make("i", { "--c": colorOf(error), "--n": String(total[error]), title: `${error}: ${count(total[error])}` })));
  const head = make("tr", {}, heading("type"), ...used.map((error) => make("th", { scope: "col" }, dot(error), error)));
  const body = Object.entries(byType).map(([name, row]) => cells([name, ...used.map((error) => count(row[error]))]));
  body.push(cells(["all", ...used.map((error) => count(total[error]))], "sum"));
  section.append(stack, table(head, body), make("p", { class: "quiet small" }, plain
    ? "Each word has one tag: the right one (correct) or a wrong one (type)."
    : "type: right words, wrong type; boundary: right type, overlapping words; type+boundary: wrong type, overlapping words; missed: in gold, not predicted; spurious: predicted, not in gold (counted under the predicted type)."));
  if (!report.confusions.length) return;
  const list = report.confusions.map(({ error, gold, predicted, count: number, examples }) => {
    const show = () => browse({ error: classes.indexOf(error), gold: gold === null ? -1 : types.indexOf(gold), predicted: predicted === null ? -1 : types.indexOf(predicted) });
    return make("tr", {}, make("td", {}, dot(error), make("button", { class: "link", type: "button", onclick: show }, error)), make("td", { class: "left" }, gold ?? "–"),
      make("td", { class: "left" }, predicted ?? "–"), make("td", {}, count(number)), make("td", { class: "fill quiet small" }, examples.join("  |  ")));
  });
  const titles = [["error", ""], ["gold", "left"], ["predicted", "left"], ["count", ""], ["first examples", "left"]];
  section.append(make("h3", { class: "next" }, "Most frequent errors"),
    table(make("tr", {}, ...titles.map(([title, kind]) => heading(title, kind))), list));
}

function drawSlices() {
  const section = document.getElementById("slices");
  section.append(...report.slices.map(({ name, groups }) => make("div", { class: "next" },
    table(scoreHead(name), Object.entries(groups).map(([group, score]) => scoreRow(group, score)), "table scores"))));
}

function drawRobustness() {
  const section = document.getElementById("robustness");
  if (!report.robustness) { section.remove(); return; }
  const { perturbations, notes, intervals } = report.robustness;
  const signed = (fraction) => `${fraction > 0 ? "+" : ""}${percent(fraction)}`;
  const scores = perturbations.flatMap(({ micro_f1: micro, types: byType }) => [micro, ...Object.values(byType)]);
  const widest = Math.max(0.01, ...scores.flatMap(({ low, high }) => [-low, high]));
  const place = (fraction) => 50 * (1 + fraction / widest);
  const numbers = ({ original, perturbed, difference, low, high }) => {
    const bar = make("span", { class: "bar around", "aria-hidden": "true" }, make("i"), make("u"));
    bar.children[0].style.left = `${place(low)}%`;
    bar.children[0].style.width = `${place(high) - place(low)}%`;
    bar.children[1].style.left = `${place(difference)}%`;
    return [make("td", {}, percent(original)), make("td", {}, percent(perturbed)), make("td", {}, signed(difference)),
      make("td", { class: "wide-bar" }, bar), make("td", { class: "quiet small" }, `${signed(low)} … ${signed(high)}`)];
  };
  const titles = [["original"], ["perturbed"], ["difference"], [""], [`${CONFIDENCE} interval`]];
  const head = (before, after) => make("tr", {}, ...[...before, ...titles, ...after].map(([title, kind]) => (title ? heading(title, kind) : make("td"))));
  const overall = perturbations.map(({ name, sentences_changed: changed, micro_f1: micro, example }) => make("tr", {},
    make("th", { scope: "row" }, name), ...numbers(micro), make("td", {}, count(changed)), make("td", { class: "fill quiet small" }, example?.after ?? "")));
  const byType = perturbations.flatMap(({ name, types: rows }) => Object.entries(rows).map(([type, row]) => make("tr", {},
    make("th", { scope: "row" }, name), make("td", { class: "left" }, type), ...numbers(row), make("td", {}, count(row.gold)))));
  section.append(
    make("p", { class: "quiet small" }, "F1 on the sentences as they are, and with the same entities in other words. " +
      `Intervals of the differences: ${intervals.method}, ${count(intervals.replicates)} samples. `, notes.join(" ")),
    table(head([["perturbation"]], [["changed"], ["a sentence after it", "left"]]), overall),
    make("details", { class: "next" }, make("summary", {}, "F1 of each type"),
      table(head([["perturbation"], ["type", "left"]], [["gold"]]), byType)));
}

function drawMatrix({ names, counts }) {
  const body = counts.map((row, place) => {
    const sum = Math.max(1, row.reduce((a, b) => a + b, 0));
    return make("tr", {}, make("th", { scope: "row" }, names[place]), ...row.map((number) =>
      make("td", { "--share": (number / sum).toFixed(3) }, number ? count(number) : "")));
  });
  return [make("p", { class: "quiet small" }, "Each word counts by itself. Rows are gold tags, columns are predicted tags; the shade is the share of the row."),
    table(headings(["", ...names]), body, "matrix")];
}

function drawWords() {
  const tags = Object.entries(report.tags).map(([tag, row]) =>
    cells([tag, percent(row.precision), percent(row.recall), percent(row.f1), count(row.number)]));
  document.getElementById("words").append(
    ...(report.tag_confusions ? drawMatrix(report.tag_confusions) : []),
    make("details", { class: "next" }, make("summary", {}, "Precision, recall and F1 of each tag"),
      table(headings(["tag", "precision", "recall", "F1", "gold"]), tags)));
}

function drawTraining() {
  const curves = [["Training loss", report.training.losses, "var(--missed)", (value) => value.toFixed(3)],
    ["F1 on the validation data", report.training.f1, "var(--accent)", percent]].filter(([, points]) => points.length > 1);
  const section = document.getElementById("training");
  if (!curves.length) { section.remove(); return; }
  section.append(make("div", { class: "columns" }, ...curves.map((curve) => drawCurve(...curve))));
}

function drawCurve(title, points, color, format) {
  const [width, height, left, bottom] = [460, 190, 46, 24];
  const svg = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };
  const values = points.map(([, value]) => value);
  const [low, high, last] = [Math.min(...values), Math.max(...values), points.at(-1)[0]];
  const x = (step) => left + (width - left - 10) * step / last;
  const y = (value) => 10 + (height - bottom - 14) * (1 - (value - low) / (high - low || 1));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "curve", role: "img", "aria-label": title });
  for (const value of [low, high]) {
    picture.append(svg("line", { x1: left, x2: width - 10, y1: y(value), y2: y(value) }),
      svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, format(value)));
  }
  picture.append(svg("path", { d: points.map(([step, value], place) => `${place ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join(""), stroke: color }),
    svg("text", { x: left, y: height - 4 }, "0"), svg("text", { x: width - 10, y: height - 4, "text-anchor": "end" }, `step ${count(last)}`));
  return make("div", {}, make("h3", {}, title), picture);
}

// The browser: however many sentences there are, one page of them is in the document at a time.
const ANY = -2;
const ANY_ERROR = -1;
const EVERY = -3;
const everything = { error: ANY_ERROR, gold: ANY, predicted: ANY, search: "", order: "worst" };
const state = { ...everything, found: [], page: 0, now: 0 };
const texts = rows.map(([, words]) => words.join(" ").toLowerCase());
const inFileOrder = rows.map((_, place) => place).sort((a, b) => rows[a][0] - rows[b][0]);
const tools = {};

function matches([error, gold, , , predicted]) {
  return (state.error === ANY_ERROR ? error !== CORRECT : state.error === EVERY || error === state.error) &&
    (state.gold === ANY || gold === state.gold) && (state.predicted === ANY || predicted === state.predicted);
}

function find() {
  const isOpen = state.error === EVERY && state.gold === ANY && state.predicted === ANY;
  const search = state.search.toLowerCase();
  const order = state.order === "file" ? inFileOrder : rows.keys();
  state.found = [];
  for (const place of order) {
    if (texts[place].includes(search) && (isOpen || rows[place][2].some(matches))) state.found.push(place);
  }
  state.page = state.now = 0;
  show();
}

function browse(filter) {
  Object.assign(state, everything, filter);
  find();
  document.getElementById("sentences").scrollIntoView();
}

function show() {
  const pages = Math.max(1, Math.ceil(state.found.length / PAGE_LENGTH));
  const start = state.page * PAGE_LENGTH;
  tools.list.replaceChildren(...state.found.slice(start, start + PAGE_LENGTH).map((place) => drawSentence(rows[place])));
  tools.status.textContent = `${count(state.found.length)} of ${count(rows.length)} sentences`;
  tools.place.textContent = `page ${state.page + 1} of ${pages}`;
  tools.back.disabled = state.page === 0;
  tools.next.disabled = state.page === pages - 1;
  tools.chips.forEach(([error, chip]) => chip.setAttribute("aria-pressed", String(error === state.error)));
  tools.gold.value = state.gold;
  tools.predicted.value = state.predicted;
  tools.order.value = state.order;
  if (tools.search.value !== state.search) tools.search.value = state.search;
  mark(false);
}

function mark(scrolls) {
  [...tools.list.children].forEach((row, place) => {
    row.classList.toggle("now", place === state.now);
    row.ariaCurrent = place === state.now ? "true" : null;
  });
  if (scrolls) tools.list.children[state.now]?.scrollIntoView({ block: "nearest" });
}

function turn(pages, now) {
  const last = Math.max(0, Math.ceil(state.found.length / PAGE_LENGTH) - 1);
  const page = Math.min(last, Math.max(0, state.page + pages));
  if (page === state.page) return;
  Object.assign(state, { page, now });
  show();
  mark(true);
}

function step(by) {
  const length = tools.list.children.length;
  if (state.now + by >= length) turn(1, 0);
  else if (state.now + by < 0) turn(-1, PAGE_LENGTH - 1);
  else { state.now += by; mark(true); }
}

function drawSentence([line, words, pairs]) {
  const owner = { gold: new Array(words.length).fill(-1), predicted: new Array(words.length).fill(-1) };
  pairs.forEach(([, gold, goldStart, goldEnd, predicted, start, end], number) => {
    if (gold >= 0) owner.gold.fill(number, goldStart, goldEnd);
    if (predicted >= 0) owner.predicted.fill(number, start, end);
  });
  const text = make("div", { class: "text" });
  for (let place = 0; place < words.length;) {
    const [gold, predicted] = [owner.gold[place], owner.predicted[place]];
    let end = place + 1;
    while (end < words.length && owner.gold[end] === gold && owner.predicted[end] === predicted) end += 1;
    // The blank after it carries what continues after it, so that a mark is one line over all of its words.
    const behind = (side) => end < words.length && owner[side][end] === owner[side][place] ? owner[side][place] : -1;
    const [goldBehind, predictedBehind] = [behind("gold"), behind("predicted")];
    const isOne = goldBehind === gold && predictedBehind === predicted;
    const said = words.slice(place, end).join(" ") + (isOne && end < words.length ? " " : "");
    const starts = (side) => place === 0 || owner[side][place - 1] !== owner[side][place];
    text.append(drawMark(said, pairs[gold], pairs[predicted], starts("gold"), starts("predicted")));
    if (!isOne && end < words.length) text.append(drawMark(" ", pairs[goldBehind], pairs[predictedBehind], false, false));
    place = end;
  }
  const counts = new Map();
  pairs.forEach(([error]) => error !== CORRECT && counts.set(error, (counts.get(error) ?? 0) + 1));
  const what = [...counts].sort().map(([error, number]) => make("div", {}, dot(classes[error]), `${number} ${classes[error]}`));
  if (!what.length) what.push(make("div", {}, "no errors"));
  return make("li", { class: "row" }, make("div", { class: "what" }, ...what, make("div", {}, `line ${count(line)}`)), text);
}

// Words with the gold label above and the predicted one below, each only where its entity begins; plain text without both.
function drawMark(said, goldPair, predictedPair, goldStarts, predictedStarts) {
  if (!goldPair && !predictedPair) return said;
  const [gold, predicted] = [goldPair ? types[goldPair[1]] : "", predictedPair ? types[predictedPair[4]] : ""];
  const isRight = goldPair === predictedPair && goldPair[0] === CORRECT;
  return make("span", { class: `mark ${goldPair ? "gold" : ""} ${predictedPair ? "predicted" : ""} ${isRight ? "right" : ""}`, "--g": hueOf(gold, types), "--p": hueOf(predicted, types) },
    make("span", { class: "said" }, said),
    make("span", { class: "under", title: "predicted" }, predictedStarts ? predicted : ""),
    make("span", { class: "over", title: "gold" }, goldStarts ? gold : ""));
}

function drawBrowser() {
  const set = (name) => (event) => { state[name] = ["gold", "predicted"].includes(name) ? Number(event.target.value) : event.target.value; find(); };
  const choice = (name, label) => make("select", { "aria-label": label, onchange: set(name) }, make("option", { value: ANY }, `${name}: any`),
    ...(plain ? [] : [make("option", { value: -1 }, `${name}: nothing`)]), ...types.map((type, place) => make("option", { value: place }, `${name}: ${type}`)));
  const total = report.errors.total;
  const shown = classes.map((error, place) => [place, error]).filter(([place, error]) => total[error] && !(plain && place === CORRECT));
  const wrong = classes.reduce((sum, error) => sum + (error === "correct" ? 0 : total[error]), 0);
  const chip = (error, name, number) => {
    const button = make("button", { type: "button", onclick: () => { state.error = error; find(); } }, error >= 0 ? dot(classes[error]) : null, name,
      ...(number === null ? [] : [" ", make("span", { class: "quiet" }, count(number))]));
    return [error, button];
  };
  tools.chips = [chip(ANY_ERROR, "any error", wrong), ...shown.map(([place, error]) => chip(place, error, total[error])), chip(EVERY, "all sentences", null)];
  tools.gold = choice("gold", "Type in gold");
  tools.predicted = choice("predicted", "Predicted type");
  tools.order = make("select", { "aria-label": "Order of sentences", onchange: set("order") }, make("option", { value: "worst" }, "worst first"), make("option", { value: "file" }, "in file order"));
  tools.search = make("input", { type: "search", placeholder: "Search the text  ( / )", "aria-label": "Search the text", oninput: set("search") });
  tools.status = make("span", { class: "small", role: "status" });
  tools.place = make("span", { class: "small quiet" });
  tools.back = make("button", { type: "button", onclick: () => turn(-1, 0) }, "← previous");
  tools.next = make("button", { type: "button", onclick: () => turn(1, 0) }, "next →");
  tools.list = make("ol", { class: "rows", onclick: (event) => {
    const row = event.target.closest(".row");
    if (row) { state.now = [...tools.list.children].indexOf(row); mark(false); }
  } });
  const keys = [["j", "k", "next, previous"], ["←", "→", "page"], ["/", "search"], ["1", "…", "filter"], ["Esc", "reset"]];
  const hints = keys.flatMap((row) => [...row.slice(0, -1).flatMap((key) => [make("kbd", {}, key), " "]), `${row.at(-1)}   `]);
  document.getElementById("sentences").append(
    make("p", { class: "quiet small" }, "Gold is above the words, predicted below. ", ...hints,
      leftOut ? `The ${count(leftOut)} sentences with the fewest errors are not on this page.` : ""),
    make("div", { class: "tools" }, ...tools.chips.map(([, button]) => button), tools.gold, tools.predicted, tools.order, tools.search),
    make("div", { class: "pages" }, tools.status, make("span", {}, tools.back, " ", tools.place, " ", tools.next)), tools.list);
  document.addEventListener("keydown", press);
  find();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { Object.assign(state, everything); document.activeElement.blur(); find(); return; }
  if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const digit = tools.chips[Number(event.key) - 1];
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "ArrowRight") turn(1, 0);
  else if (event.key === "ArrowLeft") turn(-1, 0);
  else if (event.key === "/") { event.preventDefault(); tools.search.focus(); }
  else if (digit) { state.error = digit[0]; find(); }
}

[drawScores, drawErrors, drawSlices, drawRobustness, drawWords, drawTraining, drawBrowser, drawHead].forEach((draw) => draw());
